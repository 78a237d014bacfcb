"""`arena cheaptalk`: one file per kind of subcommand, and the table of them.

Does not belong here: the rules of play (families/cheaptalk/). Start with command.py.
"""
