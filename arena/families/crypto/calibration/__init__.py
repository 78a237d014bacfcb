"""Calibrate a judge: reference plays, damaged on purpose, judged like any match.

sabotage.py damages plays, injection.py adds texts that ask for a grade, family.py plays them, report.py sums up.
Does not belong here: how a judge is asked (judging/). Start with family.py.
"""
