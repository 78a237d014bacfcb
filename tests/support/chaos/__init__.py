"""Disturb runs at seeded points and check that promises hold (scripts/chaos.py, docs/reliability.md).

`setups` has the runs, `points` the places and kinds of disturbance. `child` executes a command in a process that may
die, `server` answers it over HTTP, `promises` has the checks made afterwards, `campaign` combines them.
"""
