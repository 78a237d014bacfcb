"""Ask a judge and read its verdict.

prompt.py lays out the question, verdict.py reads the answer strictly, judge.py asks and asks again, panel.py combines.
Does not belong here: what is graded; rubric and material come from a family. Start with judge.py.
"""
