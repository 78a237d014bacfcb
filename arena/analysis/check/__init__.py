"""Check a run against thresholds and report to a CI system.

metrics.py names the figures of a run, thresholds.py reads and applies rules, junit.py and github.py write results.
Does not belong here: new figures. Start with thresholds.py.
"""
