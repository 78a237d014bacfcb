"""Compare two runs trial by trial.

paired_runs.py pairs the matches of two runs, comparison.py computes, text.py and figure.py format the result.
Does not belong here: the statistics themselves (stats/). Start with paired_runs.py.
"""
