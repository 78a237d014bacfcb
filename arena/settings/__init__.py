"""The settings of a user: one table of settings, one table of providers.

table.py lists every setting once; config.py merges defaults, file, .env, environment and flags. redaction.py removes
secrets from text. Does not belong here: building what a setting names (engine/build.py). Start with table.py.
"""
