"""Generated plays that should fail, and the reference that should succeed: they show the quality of a challenge.

A baseline is one file with one function, `play(case) -> turns of a script, or None if it does not apply`, and one
row of table.py. Does not belong here: corruptions that measure a judge (calibration/). Start with table.py.
"""
