"""Recorded runs of agents from other benchmarks become rows, so that policies and reports work on them.

agent_run.py has the common shape, one file per format reads it, rows.py makes rows, counts.py counts the imported runs.
Does not belong here: playing. Start with agent_run.py.
"""
