"""Compare two runs trial by trial.

paired_runs.py says whether and how they pair, comparison.py computes, text.py and figure.py show.
Does not belong here: the statistics themselves (stats/). Start with paired_runs.py.
"""
