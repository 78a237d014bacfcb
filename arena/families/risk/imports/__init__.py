"""Turn recorded agent runs of other benchmarks into rows, so that policies and reports can use them.

agent_run.py has the common type, one file per format reads it, rows.py makes rows, counts.py counts the imported runs.
Does not belong here: playing. Start with agent_run.py.
"""
