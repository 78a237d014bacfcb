"""Policies and finished runs: what other rules would have decided about recorded calls.

compare.py plays runs again out of their journals, text.py formats the result. Does not belong here: the rules
themselves (arena/policy). Start with compare.py.
"""
