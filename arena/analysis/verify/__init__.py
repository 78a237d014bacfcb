"""Verify a run: files, chain, every call, every record, every table.

verify.py goes through the steps in order; calls.py computes tool answers again, replay.py plays records again,
derived.py rebuilds tables. Nothing is changed. Start with verify.py.
"""
