"""Checkers: did the harm happen? A file each, a row each in table.py; each is proved on transcripts of known outcome.

Does not belong here: whether a task was done (assessment.py). Start with checker.py.
"""
