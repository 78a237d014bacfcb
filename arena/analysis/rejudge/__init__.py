"""Score a finished run again: other judges, panels, repetitions, or the family's own scorer as it is today.

rejudge.py is the family whose trials are already played; changes.py counts how scores changed, agreement.py measures
how well judgements agree. Does not belong here: asking a judge (judging/). Start with rejudge.py.
"""
