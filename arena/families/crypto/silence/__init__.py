"""Somebody falls silent: what the agreed rule leaves the others, and what the one that left had learned.

A challenge's member `fairness` holds the rule (docs/challenges.md). Start with cuts.py.
"""
