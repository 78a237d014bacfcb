"""Mechanical checks of a finished match, without any model.

match.py runs the checks, evidence.py finds values that look computed, leaks.py finds secrets, ledger.py finds the
source of each claim, verified.py caps grades. Does not belong here: a judge's opinion. Start with match.py.
"""
