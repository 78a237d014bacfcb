"""One conversation: turns, tool calls, recorded services, limits.

dialogue.py runs the turns, tool_protocol.py reads tool calls, services.py makes every call recorded, limited and
gated. Does not belong here: the prompts of a family, scoring. Start with dialogue.py.
"""
