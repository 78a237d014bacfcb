"""How a command starts and ends.

entry.py is the one dispatcher (argv, signals, errors, exit codes), console.py prints, run_choice.py finds the run that
a command works on, run_end.py writes the last lines of a run, commands/ has one file per command. Does not belong here:
work that a script might want without a terminal. Start with entry.py.
"""
