"""The run directory, while a run is played and afterwards.

journal.py appends calls, rundir.py appends and rewrites records, digests.py lists digests of all files,
finished_run.py reads. Does not belong here: the meaning of a record. Start with rundir.py.
"""
