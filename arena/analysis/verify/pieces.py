"""Divides a file of lines into pieces that can be checked in parallel, each in its own process.

The beginnings of the pieces depend only on the file, so the report does not depend on the number of processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.formats.bounded import lines_of
from arena.store.files import reading
from arena.store.journal import Place

SMALLEST, LARGEST = 1 << 20, 16 << 20
"""Bytes of a piece: large enough to be worth starting a process, small enough to return a small result."""

_PIECES = 32
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file: from byte `start` to before byte `stop`; `first`: the number of its first line, from 1."""

    start: int
    stop: int
    first: int


def pieces_of(path: Path) -> list[Piece]:
    """Return the pieces of a file, in order; none for an empty one. Errors: OSError if it is not a regular file."""
    with reading(path) as file:
        wanted = min(LARGEST, max(SMALLEST, path.stat().st_size // _PIECES))
        found: list[Piece] = []
        start = offset = 0
        first = line = 1
        while block := file.read(_BLOCK):
            done = 0
            while (cut := block.find(b"\n", max(done, start + wanted - 1 - offset))) >= 0:
                line += block.count(b"\n", done, cut + 1)
                done = cut + 1
                found.append(Piece(start, offset + done, first))
                start, first = offset + done, line
            line += block.count(b"\n", done)
            offset += len(block)
    return found if start == offset else [*found, Piece(start, offset, first)]


def lines_of_piece(path: Path, piece: Piece) -> Iterator[tuple[Place, bytes]]:
    """Yield the lines of a piece, each with its newline. Errors: as of read_lines."""
    with reading(path) as file:
        file.seek(piece.start)
        lines = lines_of(file, str(path), before=piece.first - 1)
        for number, (offset, line) in enumerate(lines, piece.first):
            if piece.start + offset >= piece.stop:
                return
            yield Place(number, piece.start + offset), line


def line_before(path: Path, offset: int) -> bytes:
    """Return the line that ends where a line begins (at `offset`, which is not 0)."""
    with reading(path) as file:
        begin = offset - 1
        while begin:
            step = min(_BLOCK, begin)
            file.seek(begin - step)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                begin += found + 1 - step
                break
            begin -= step
        file.seek(begin)
        return file.read(offset - begin)
