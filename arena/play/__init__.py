"""One conversation: turns, tool calls, recorded services, limits.

dialogue.py runs the turns, tool_protocol.py reads tool calls, services.py records, limits and gates every call.
Does not belong here: the prompts of a family, scoring. Start with dialogue.py.
"""
