"""A fact-checking family without a judge, tools or bundles: a sender claims, a receiver decides.

Outside this folder it needs only its row in the table of families.
"""
