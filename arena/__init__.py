"""The arena: a benchmark harness in which language-model agents play, compute and are judged.

Reading order, along the path of the data: settings/ (the user's request), engine/ (plan, build, play), families/ (rules
and scores of each benchmark), play/ and judging/ (one conversation, one verdict), store/ (the files of a run),
analysis/ (everything after a run), cli/ (the commands). A folder imports only from itself and from lower levels;
tests/test_rooms.py has the table.
"""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets this far, and would end in a traceback further on
    here = ".".join(str(part) for part in sys.version_info[:2])
    sys.stderr.write(f"arena: Python 3.11 or newer is needed, this is {here}; name another\n")
    raise SystemExit(2)
