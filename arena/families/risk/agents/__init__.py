"""SHIM agents: deterministic stand-ins with stated weaknesses, which need no network.

They read the conversation and nothing else. Does not belong here: what real models do. Start with agent.py.
"""
