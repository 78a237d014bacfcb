"""Data sets of claims: one file and one row in table.py for each.

rows.py reads lines and fields, a file per data set turns a row into a piece of a claim, load.py puts the pieces
together and counts unusable rows, wiki_pages.py finds the text of official evidence, sampling.py draws claims.
Does not belong here: downloading (scripts/fetch_fever.py). Start with table.py.
"""
