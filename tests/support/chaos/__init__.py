"""Disturbs runs at seeded points and looks whether promises hold (scripts/chaos.py, docs/reliability.md).

`setups` are the runs, `points` where and how they are disturbed, `child` carries a command out in a process that may
die, `server` answers it over HTTP, `promises` is what must hold afterwards, `campaign` puts them together.
"""
