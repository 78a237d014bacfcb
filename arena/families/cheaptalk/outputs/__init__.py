"""The result files of a run, with the predecessor's names, fields and folders: derived from the records alone.

Reading order: write.py (which files there are), lines.py (one episode as a JSON line), milestones.py (the result
objects), across_seeds.py (over seeds, also from files placed by hand), paper.py (tables for a paper).
"""
