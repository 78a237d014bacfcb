"""The commands, one file each.

A command reads its flags, calls one function of engine/ or analysis/ and prints what came back.
Does not belong here: calculations. Start with the file named like the command.
"""
