"""Find sentences in the wiki-pages folder of FEVER through an index on disk; no file is ever loaded whole.

The folder contains JSON lines files (wiki-001.jsonl, ...) with `id` (page title) and `lines`: sentences separated by
line breaks, each `number TAB text TAB links...`. The index is an SQLite file: title -> file, place, length.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType

from arena.errors import DataError, Issue, UsageError
from arena.families.cheaptalk.claim import Claim
from arena.formats.bounded import lines_of, open_file

INDEX_VERSION = "1"
MOST_NEIGHBOURS = 5
"""Sentences of the same page that a claim gets as distractors."""
LEAST_LENGTH = 20
"""Characters below which a line of a page is a heading or a remnant, not a sentence."""
_BATCH = 10_000
# The form of every official line; another one is decoded as a whole.
_TITLE = re.compile(rb'\{"id": "([^"\\]*)", ')


class WikiPages:
    """An open folder of pages. Use as a context manager.

    `index` is the index file; without one it is `<folder>.index.sqlite3` next to the folder. It is built when it is
    missing or when a file of the folder has another size or time.
    """

    def __init__(self, folder: Path, index: Path | None = None) -> None:
        self.folder = folder
        place = os.path.abspath(folder) if folder.name in ("", "..") else folder
        self._index = index or Path(f"{place}.index.sqlite3")
        files = _files(folder)
        if not _is_current(self._index, files):
            _build(self._index, files)
        self._database = sqlite3.connect(f"{self._index.resolve().as_uri()}?mode=ro", uri=True)
        self._last: tuple[str, dict[int, str] | None] = ("", None)

    def __enter__(self) -> WikiPages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def page(self, title: str) -> dict[int, str] | None:
        """Return the sentences of a page by number; None for an unknown title. Raises DataError for a stale index."""
        title = unicodedata.normalize("NFC", title)
        if self._last[0] != title:
            self._last = (title, self._read(title))
        return self._last[1]

    def text(self, source: str) -> str | None:
        """Return the sentence at `Title#number`; None if the page or the sentence is missing or empty."""
        title, _, number = source.rpartition("#")
        return (self.page(title) or {}).get(int(number)) if title and number.isdecimal() else None

    def neighbours(self, claim: Claim) -> tuple[str, ...]:
        """Return up to MOST_NEIGHBOURS sentences of the claim's gold pages that are not gold, page by page in turn."""
        gold = {sentence.source for sentence in claim.sentences()}
        titles = dict.fromkeys(source.rpartition("#")[0] for source in sorted(gold))
        columns = [
            [text for number, text in (self.page(title) or {}).items() if f"{title}#{number}" not in gold]
            for title in titles
        ]
        found: dict[str, None] = {}
        for row in range(max(map(len, columns), default=0)):
            found.update(dict.fromkeys(column[row] for column in columns if row < len(column)))
        usable = [text for text in found if len(text) >= LEAST_LENGTH]
        return tuple(usable[:MOST_NEIGHBOURS])

    def _read(self, title: str) -> dict[int, str] | None:
        found = self._database.execute("SELECT file, place, length FROM pages WHERE title = ?", (title,)).fetchone()
        if found is None:
            return None
        path = self.folder / str(found[0])
        with open_file(path) as stream:
            stream.seek(int(found[1]))
            line = stream.read(int(found[2]))
        fields = _decoded(line, path, f"byte {found[1]}")
        if unicodedata.normalize("NFC", str(fields.get("id"))) != title:
            message = f"no longer has the page {title!r} at that place; delete {self._index} to build it again"
            raise DataError([Issue(str(path), f"byte {found[1]}", message)])
        return dict(_sentences(str(fields.get("lines", ""))))


def _sentences(lines: str) -> Iterator[tuple[int, str]]:
    for line in lines.split("\n"):
        number, _, rest = line.partition("\t")
        text = rest.partition("\t")[0].strip()
        # A sentence with a line break continues in a line without a number; that rest belongs to no number.
        if number.isdecimal() and text:
            yield int(number), text


def _decoded(line: bytes, path: Path, place: str) -> dict[str, object]:
    try:
        value = json.loads(line.decode("utf-8"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DataError([Issue(str(path), place, "is not a JSON object with a page; download the file again")])
    return value


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.jsonl")) if folder.is_dir() else []
    if not files:
        raise UsageError(f"{folder}: no *.jsonl files there; give the folder wiki-pages of FEVER, unpacked")
    return files


def _state(files: list[Path]) -> str:
    """Return name, size and time of every file that an index is built from."""
    stats = [(path.name, path.stat()) for path in files]
    return json.dumps([INDEX_VERSION, [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]])


def _is_current(index: Path, files: list[Path]) -> bool:
    if not index.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{index.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT state FROM built").fetchone()
    except sqlite3.DatabaseError:
        return False
    return found is not None and found[0] == _state(files)


def _build(index: Path, files: list[Path]) -> None:
    """Write the index under another name first, so that a killed build leaves none."""
    unfinished = index.with_name(f"{index.name}.{os.getpid()}.part")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as database:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("CREATE TABLE pages (title TEXT PRIMARY KEY, file TEXT, place INT, length INT)")
            database.execute("CREATE TABLE built (state TEXT)")
            batch: list[tuple[str, str, int, int]] = []
            for path in files:
                for entry in _entries(path):
                    batch.append(entry)
                    if len(batch) == _BATCH:
                        _insert(database, batch)
            _insert(database, batch)
            database.execute("INSERT INTO built VALUES (?)", (_state(files),))
            database.commit()
        unfinished.replace(index)
    except (OSError, sqlite3.OperationalError) as error:
        message = f"cannot be written: {error}; give another place for the index (--wiki-index)"
        raise DataError([Issue(str(index), "", message)]) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _insert(database: sqlite3.Connection, batch: list[tuple[str, str, int, int]]) -> None:
    # The first page of a title stays: two forms of one title are the same page.
    database.executemany("INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?)", batch)
    batch.clear()


def _entries(path: Path) -> Iterator[tuple[str, str, int, int]]:
    place = 0
    with open_file(path) as stream:
        for _, line in lines_of(stream, str(path)):
            match = _TITLE.match(line)
            if match:
                title = match[1].decode("utf-8", "replace")
            else:
                title = str(_decoded(line, path, f"byte {place}").get("id", "")) if line.strip() else ""
            if title:
                yield unicodedata.normalize("NFC", title), path.name, place, len(line)
            place += len(line)
