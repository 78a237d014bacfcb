"""Rank runs that may be compared.

leaderboard.py groups and ranks, text.py and page.py format the table.
Does not belong here: comparing two runs in detail (compare/). Start with leaderboard.py.
"""
