"""Providers: one file for each way to reach a model. They are chosen by name in arena/wiring.py."""
