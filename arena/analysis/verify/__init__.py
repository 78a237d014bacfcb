"""Verify a run: files, chain, every call, every record, every table.

verify.py takes the steps in order; calls.py recomputes tool answers, replay.py replays records, derived.py rebuilds
tables. Does not belong here: anything that changes a run. Start with verify.py.
"""
