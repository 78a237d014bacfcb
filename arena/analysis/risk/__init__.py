"""The results of risk runs: rows of trials, and the files derived from them (summary files, page, verdict).

rows_file.py reads rows, rows_of_run.py makes them from records, tally.py adds up, results.py writes all files. Each
file can be rebuilt from the others. Does not belong here: playing. Start with results.py.
"""
