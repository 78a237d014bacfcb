"""The subcommands of `arena risk`, a file each: run, sweep, report, check, latest, list, tidy.

Their flags are declared in commands/risk.py, which imports the one that is asked for. places.py says where runs lie.
Does not belong here: counting and writing results (analysis/risk). Start with play.py.
"""
