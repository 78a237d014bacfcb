"""Judge a finished run again: other judges, panels, repetitions.

rejudge.py is the family whose matches are already played; agreement.py measures how well judgements agree.
Does not belong here: asking a judge (judging/). Start with rejudge.py.
"""
