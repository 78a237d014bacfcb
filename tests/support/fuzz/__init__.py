"""Hostile input by a generator with a seed: every case can be had again by its target and number.

`mutate` damages bytes and values, `targets` are the readers with what they are given, `campaign` counts and reports.
"""
