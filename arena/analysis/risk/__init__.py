"""The results of risk runs: rows of trials, and what is derived from them (summary files, page, verdict).

rows_file.py reads rows, rows_of_run.py makes them from records, tally.py adds up, results.py writes all files. What is
written here can be written again from what is next to it. Does not belong here: playing. Start with results.py.
"""
