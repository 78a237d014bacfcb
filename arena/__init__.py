"""The arena: a benchmark harness in which language-model agents play, compute and are judged.

Reading order, the path of the data: settings/ (what the user asked for), engine/ (plan, build, play), families/ (what
is played and how it is scored), play/ and judging/ (one conversation, one verdict), store/ (what is on disk),
analysis/ (everything after a run), cli/ (the commands). A folder imports from itself and from lower levels only;
tests/test_rooms.py has the table.
"""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets this far, and would end in a traceback further on
    here = ".".join(str(part) for part in sys.version_info[:2])
    sys.stderr.write(f"arena: Python 3.11 or newer is needed, this is {here}; name another\n")
    raise SystemExit(2)
