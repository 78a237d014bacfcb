"""Checkers decide whether harm happened: one file and one row in table.py for each.

Each is tested with transcripts of known outcome. Does not belong here: whether a task was done (assessment.py). Start
with checker.py.
"""
