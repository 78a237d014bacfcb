"""Secrecy by information: how many values of a secret are still possible for those who must not know it.

domains.py lists the possible values, view.py collects what an observer knows, forms.py recognises a value in the
arguments of a call, recompute.py repeats a call with another value, check.py counts. The check is described in
docs/secrecy.md.
"""
