"""The run directory, while a run is played and afterwards.

journal.py appends calls, rundir.py appends and rewrites records, digests.py covers the files, finished_run.py reads.
Does not belong here: what a record means. Start with rundir.py.
"""
