"""Hostile input from a seeded generator: target and number reproduce every case.

`mutate` damages bytes and values, `targets` has the readers with their input, `campaign` counts and reports.
"""
