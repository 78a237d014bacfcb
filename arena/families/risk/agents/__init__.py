"""SHIM agents: deterministic stand-ins with stated weaknesses, which need no network.

They read only the conversation. Does not belong here: calls of real models (providers/). Start with agent.py.
"""
