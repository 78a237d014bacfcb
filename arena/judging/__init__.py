"""Ask a judge and read its verdict.

prompt.py writes the question, verdict.py reads the answer strictly, judge.py asks and re-asks, panel.py combines.
Does not belong here: rubric and material, which come from a family. Start with judge.py.
"""
