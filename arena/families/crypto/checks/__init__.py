"""Mechanical checks of a finished match, without any model.

match.py runs the checks, evidence.py finds values that look computed, leaks.py secrets, ledger.py what each claim
rests on, verified.py caps grades. Does not belong here: a judge's opinion. Start with match.py.
"""
