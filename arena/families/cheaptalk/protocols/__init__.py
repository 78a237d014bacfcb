"""Protocols, and the methods that they are compared with: one file and one row in table.py for each.

A protocol is the system texts of its seats and a schedule of turns. Does not belong here: payoffs (scoring.py).
Start with protocol.py.
"""
