"""Gates: a decision about a call before it is made and about its answer.

gates.py has the contract and the gate that allows everything.
Does not belong here: what follows from a decision (play/services.py). Start with gates.py.
"""
