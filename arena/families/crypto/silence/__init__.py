"""A seat falls silent: the others' payoffs by the agreed rule, and the secrets that the seat had learned.

A challenge's member `fairness` has the rule (docs/challenges.md). Start with cuts.py.
"""
