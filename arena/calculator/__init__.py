"""Carriers of the cryptographic calculator: how a tool call reaches the Rust program.

carrier.py has the contract and the build; process.py and lambda_url.py carry calls; relations.py has conditions that
a random answer must meet. Does not belong here: the grammar of players' calls (play/). Start with carrier.py.
"""
