"""Matches that both runs played, two transcripts side by side, in files next to the page.

Each match is written once while the runs are read, kept in a temporary file, and copied from there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.page import bottom, skip_link, top

PER_FILE = 10
"""Pairs in a file."""
MAX_PAIRS = 1_000
"""Pairs that are written side by side; the matches of the others are only in the list."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A match of one side in the temporary file, and its number in the page."""

    number: int
    offset: int
    size: int


class SideBySide:
    """Takes the matches of both runs, then writes those with the same key side by side."""

    def __init__(self, page: Path, matches: Path, names: tuple[str, str]) -> None:
        """`matches`: the folder that the files go to; `names`: of the runs."""
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._sides: tuple[dict[str, _Kept], dict[str, _Kept]] = ({}, {})
        self._titles: dict[str, str] = {}
        self._folder, self._back = quote(matches.name), f"../{quote(page.name)}"
        self._names = names
        self.files = 0

    def keep(self, side: int, key: str, title: str, number: int, whole: Markup) -> None:
        """Take one match of side 0 or 1; of the second side, only matches that the first also has."""
        kept = self._sides[0]
        if (side and key not in kept) or (not side and len(kept) >= MAX_PAIRS):
            return
        data = f"{whole}\n".encode()
        self._sides[side][key] = _Kept(number, self._spool.tell(), len(data))
        self._spool.write(data)
        self._titles.setdefault(key, title)

    @property
    def _shared(self) -> list[str]:
        return [key for key in self._sides[0] if key in self._sides[1]]

    def links(self) -> dict[str, str]:
        """Return key -> the place of its pair."""
        return {
            key: f"{self._folder}/{_name(place // PER_FILE)}#{_anchor(self._sides[0][key].number)}"
            for place, key in enumerate(self._shared)
        }

    def write(self, folder: Path) -> None:
        """Write the files. Errors: OSError."""
        shared = self._shared
        for start in range(0, len(shared), PER_FILE):
            with (folder / _name(self.files)).open("wb") as file:
                for part in self._page(shared[start : start + PER_FILE]):
                    file.write(part)
            self.files += 1

    def _page(self, keys: list[str]) -> Iterator[bytes]:
        title = f"Side by side: {' and '.join(self._names)}"
        header = tag("header", tag("h1", title), tag("p", tag("a", "back to the report", href=self._back)))
        skip = skip_link("main", "Skip to the matches")
        start = join([top(title, False), skip, header, Markup('<main id="main">\n')])
        yield start.encode()
        for key in keys:
            sides = [one[key] for one in self._sides]
            head = tag("h2", self._titles[key], tag("small", f" {key}"), id=_anchor(sides[0].number))
            yield f'{head}\n<div class="duo">\n'.encode()
            for place, (name, kept) in enumerate(zip(self._names, sides, strict=True), 1):
                yield f"<div>{tag('h3', f'r{place}: {name}')}\n".encode()
                self._spool.seek(kept.offset)
                yield self._spool.read(kept.size)
                yield b"</div>\n"
            yield b"</div>\n"
        yield f"</main>\n{bottom(False)}".encode()

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spool.close()


def _anchor(number: int) -> str:
    return f"p{number}"


def _name(number: int) -> str:
    return f"pairs_{number + 1:04d}.html"
