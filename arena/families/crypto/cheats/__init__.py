"""Seats that cheat: when a seat is told to, whether it did, whether the others noticed, and what is reported of it.

A challenge's member `temptation` says which seat, how and for what gain (docs/challenges.md). Does not belong here:
plays that cheat a whole challenge out of its point (baselines/). Start with variants.py.
"""
