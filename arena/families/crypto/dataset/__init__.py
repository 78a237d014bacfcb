"""Training data for the crypto family: requests to a model that writes matches, and the use of its answers.

Belongs here: the request, the form of a generated match, its grounding (true results replace invented ones), reasons to
leave a match out. Does not belong here: code for the rows of every family (arena/analysis/dataset), network
calls (arena/providers/jobs). Start with generated.py.
"""
