"""The judges' answers to the questions of challenges: in plain words, counted, and as tables.

words.py reads a record's answers, rates.py counts them, files.py writes the tables of a run. Does not belong here:
asking a judge (judging/items.py), checking a question (challenges/members/items.py). Start with words.py.
"""
