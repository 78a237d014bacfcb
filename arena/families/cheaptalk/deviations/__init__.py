"""What senders are told to do: one file and one row in table.py for each.

A deviation is a private instruction to the sender and a check whether it was followed; nothing else in a trial differs.
Does not belong here: what a deviation costs (payoff.py). Start with deviation.py.
"""
