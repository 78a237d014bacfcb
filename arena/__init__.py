"""The arena: a benchmark harness in which language-model agents play, compute and are judged."""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets this far, and would end in a traceback further on
    here = ".".join(str(part) for part in sys.version_info[:2])
    sys.stderr.write(f"arena: Python 3.11 or newer is needed, this is {here}; name another\n")
    raise SystemExit(2)
