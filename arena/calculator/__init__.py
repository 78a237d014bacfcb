"""Carriers of the cryptographic calculator: how a tool call reaches the Rust program.

carrier.py has the contract and the build; process.py and lambda_url.py carry calls; relations.py says what must hold
of a random answer. Does not belong here: the tool grammar that players write (play/). Start with carrier.py.
"""
