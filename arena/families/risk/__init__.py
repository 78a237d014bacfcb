"""The risk family: attacks and risky requests against an agent that has tools, and the benign twin of each.

slices.py reads cases, attacks/ presents them, store.py has the data of the tools, checkers/ find harm, assessment.py
decides the outcome of a trial. Does not belong here: the policy engine (arena/policy). Start with family.py.
"""
