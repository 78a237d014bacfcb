"""The hash chain of matches.jsonl: each line is bound to the one before it.

The chain starts from the SHA-256 of the run's identity, so it also binds the identity. A file gets its chain at the end
of a session (closing.py).
"""

from __future__ import annotations

import hashlib

from arena.records import Json
from arena.store.journal import encode_line

_MARK = b',"prev":"'
_LENGTH = len(_MARK) + 64 + len(b'"}\n')


def first_link(identity: Json) -> str:
    """Return the digest that the first line is bound to."""
    return hashlib.sha256(encode_line(identity)).hexdigest()


def is_chained(line: bytes) -> bool:
    """Return whether a records line has the chain member."""
    return line[-_LENGTH:].startswith(_MARK)


def unchained(line: bytes) -> bytes:
    """Return a records line without its chain member, which `chained` put at its end."""
    return line[:-_LENGTH] + b"}\n" if is_chained(line) else line


def chained(line: bytes, previous: str) -> bytes:
    """Return an unchained records line with `prev`, the SHA-256 of the line before it, as its last member."""
    return line[:-2] + _MARK + previous.encode("ascii") + b'"}\n'
