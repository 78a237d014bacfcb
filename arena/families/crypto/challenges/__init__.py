"""The challenge file: read it, check it, draw values, compute the right result.

schema.py loads a file with all its problems, instance.py draws a trial's values, expressions.py computes with them,
members/ checks each optional member, lint.py checks the quality of a set. Does not belong here: playing. Start
with schema.py.
"""
