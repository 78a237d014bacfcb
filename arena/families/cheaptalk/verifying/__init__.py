"""The evidence of a message: its pieces, their match with gold sentences, ratings, checks.

Does not belong here: payoffs (scoring.py, payoff.py), and labels (labels.py). Reading order: pieces.py,
words.py, evidence.py (the matches), matches.py (a row each), rating.py, checking.py (for P3), verifier.py (all of it).
"""
