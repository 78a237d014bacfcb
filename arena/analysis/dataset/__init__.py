"""Training data from finished runs: rows, their checks, splits, near duplicates, the data card, contamination.

Belongs here: code for the rows of every family. Does not belong here: a family's rules for matches that are fit
for training (families/<name>/dataset), calls to services that train (providers/jobs). Start with rows.py.
"""
