"""The arena: a benchmark harness in which language-model agents play, compute and are judged."""

__version__ = "0.1.0"
