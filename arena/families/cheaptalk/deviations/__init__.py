"""Private instructions to senders: one file and one row in table.py for each.

A deviation is a private instruction to the sender and a check whether it was followed; nothing else in a trial differs.
Does not belong here: the payoff of a deviation (payoff.py). Start with deviation.py.
"""
