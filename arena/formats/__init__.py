"""Read and write formats; nothing here knows the arena.

YAML subset; strict, lenient and typed JSON; tables, Markdown, SVG. Input is text or bytes, output is values or text.
Does not belong here: anything that names a run, a trial, a model or a family. Start with simpleyaml.py or tables.py.
"""
