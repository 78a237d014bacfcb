"""Export a finished run in other programs' formats.

hf_dataset.py writes a data set folder, sarif.py the findings of a policy, canary.py the canary.
Does not belong here: training data. Start with hf_dataset.py.
"""
