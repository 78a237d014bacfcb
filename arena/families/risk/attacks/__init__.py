"""Attacks: ways to present a harmful request, with one file and one row in table.py for each.

Does not belong here: the content of the request, which belongs to the slice. Start with attack.py.
"""
