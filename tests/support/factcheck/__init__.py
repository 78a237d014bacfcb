"""A fact-checking family without a judge, tools or bundles: a sender claims, a receiver decides.

It touches nothing outside this folder but its row in the table of families.
"""
