"""The subcommands of `arena risk`, one file each: run, sweep, report, check, latest, list, tidy.

Their flags are declared in commands/risk.py, which imports the requested one. places.py finds the folders of runs.
Does not belong here: counting and writing results (analysis/risk). Start with play.py.
"""
