"""Play a run of any family: plan, build, session, runner, summary.

build.py turns names into objects, session.py opens or resumes a run, runner.py plays trials in threads, summary.py
adds up records. Does not belong here: the measurements of a family, printing. Start with session.py.
"""
