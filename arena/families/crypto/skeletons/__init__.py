"""From a skeleton to a challenge: values, obligations, result, reference play, and a seat that may cheat.

Start with skeleton.py (the form that a person fills in), then make.py.
"""
