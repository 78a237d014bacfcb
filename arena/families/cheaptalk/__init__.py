"""The cheaptalk family: a sender and a receiver talk about a claim; does the protocol make honesty pay?

claim.py has the nouns, data/ loads claims, labels.py and evidence.py read what was said, payoff.py and reputation.py
pay for it, metrics/ compares deviations with honesty. Start with claim.py.
"""
