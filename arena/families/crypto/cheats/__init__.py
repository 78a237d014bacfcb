"""Seats that cheat: when a seat is told to cheat, whether it did, whether the others noticed, and the report of it.

A challenge's member `temptation` says which seat, how and for what gain (docs/challenges.md). Does not belong here:
plays that bypass the point of a challenge (baselines/). Start with variants.py.
"""
