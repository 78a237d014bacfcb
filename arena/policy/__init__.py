"""Policies: gates decide about a call before it is made and about its answer; evaluator rules judge a reply.

gates.py has the contract and the gate that allows everything; gates_file.py and evaluator_file.py load, policy_gate.py
and evaluator.py decide, cases.py, evaluator_cases.py and lint.py test, again.py decides recorded calls again.
Does not belong here: carrying out a decision (play/services.py). Start with gates.py.
"""
