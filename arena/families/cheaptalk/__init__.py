"""The cheaptalk family: a sender and a receiver talk about a claim; does the protocol make honesty pay?

claim.py has the basic types, data/ loads claims, labels.py and evidence.py read messages, payoff.py and reputation.py
compute payoffs, metrics/ compares deviations with honesty. Start with claim.py.
"""
