"""The mock models of the family: a sender, a receiver, a solver and a rater, in place of models that can read.

Their numbers say nothing about real models. They depend on deviation, protocol, information and seed, so that every
figure computed from them can be tried offline. Start with provider.py.
"""
