"""Policies and finished runs: decide recorded calls again by other rules.

compare.py replays runs from their journals, text.py formats the result. Does not belong here: the rules
themselves (arena/policy). Start with compare.py.
"""
