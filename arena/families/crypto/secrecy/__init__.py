"""Secrecy by information: how many values of a secret are still possible for those who must not know it.

domains.py lists the possible values, view.py what an observer has, forms.py how a value is put into the arguments of a
call, recompute.py what a call gives for another value, check.py counts. docs/secrecy.md describes the check.
"""
