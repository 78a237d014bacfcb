"""Export a finished run in other programs' formats.

hf_dataset.py writes a data set folder, leaderboard_result.py the result file of the predecessor, canary.py the mark.
Does not belong here: training data. Start with hf_dataset.py.
"""
