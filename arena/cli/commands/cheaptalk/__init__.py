"""`arena cheaptalk`: one file per kind of subcommand, and the table of them.

Does not belong here: what is played (families/cheaptalk/). Start with command.py.
"""
