"""Attacks: ways to present a harmful request. A file each, a row each in table.py.

Does not belong here: the content of the request, which belongs to the slice. Start with attack.py.
"""
