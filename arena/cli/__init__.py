"""How a command starts and ends.

entry.py turns any ending into a message and an exit code, console.py prints, commands/ has one file per command.
Does not belong here: work that a script might want without a terminal. Start with entry.py.
"""
