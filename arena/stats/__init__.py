"""Statistics: pure functions, seeded where they draw, each with its source.

Intervals, bootstrap, paired tests, power, reliability, agreement. Resampling is by cluster.
Does not belong here: reading runs, formatting results. Start with intervals.py and bootstrap.py.
"""
