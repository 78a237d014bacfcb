"""Attacks: ways to present a harmful request. A file each, a row each in table.py.

Does not belong here: what is asked for, which is the slice's. Start with attack.py.
"""
