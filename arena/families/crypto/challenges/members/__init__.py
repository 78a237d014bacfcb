"""What each optional member of a challenge must hold, one file each: every problem at its pointer.

A file yields pairs of JSON pointer and message and names the fields of its member; ../parts.py lists them all. Start
with payoffs.py.
"""
