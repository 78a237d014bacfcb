"""The risk family: attacks and risky requests against an agent that has tools, and the benign twin of each.

slices.py reads the cases, attacks/ presents them, store.py is what the agent's tools work on, checkers/ find the harm,
assessment.py says the outcome of a trial. Does not belong here: the policy engine (arena/policy). Start with family.py.
"""
