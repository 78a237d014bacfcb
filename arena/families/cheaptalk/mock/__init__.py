"""The mock models of the family: a sender, a receiver, a solver and a rater, in place of models that can read.

Their numbers say nothing about real models; they depend on deviation, protocol, information and seed, so that
everything that is computed from them can be seen at work. Start with provider.py.
"""
