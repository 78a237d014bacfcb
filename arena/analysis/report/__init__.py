"""Write the HTML report: one page, no network, hostile text kept as text.

build.py reads a run once; tally.py adds up; page.py and markup.py write. Every text passes through markup.py.
Does not belong here: figures that summary.json does not have. Start with build.py.
"""
