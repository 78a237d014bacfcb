"""Checks of the optional members of a challenge, one file each; every problem has its pointer.

A file yields pairs of JSON pointer and message and names the fields of its member; ../parts.py lists them all. Start
with payoffs.py.
"""
