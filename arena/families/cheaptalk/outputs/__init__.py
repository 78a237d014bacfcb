"""The result files of a run, with the predecessor's names, fields and folders: derived from the records alone.

Reading order: write.py (the list of files), lines.py (one episode as a JSON line), milestones.py (the result
objects), across_seeds.py (over seeds, also from files collected by hand), paper.py (tables for a paper).
"""
