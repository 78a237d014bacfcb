"""The list of matches, and the matches themselves, in the page or in files next to it.

Everything is written at once, so a report of any size needs the memory of one match.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

from arena.analysis.report.marks import Mark
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.match import Place, body
from arena.analysis.report.page import bottom, skip_link, top
from arena.analysis.report.row import COLUMNS, heading, row
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import spaced
from arena.records import Json, Record
from arena.store.files import AtomicFile

CHUNK = 50
"""Rows that a browser lays out together."""
FILE_MATCHES, FILE_BYTES = 25, 1_000_000
"""A file next to the page is closed at this number of matches or bytes."""
MAX_OPTIONS = 60
"""Values up to which a label gets a filter."""


class Facets:
    """The values that the list can be filtered by: how a match ended, its run, its labels; in the page as numbers."""

    def __init__(self, runs: bool) -> None:
        self._values: dict[str, dict[str, int]] = {"how it ended": {}}
        if runs:
            self._values["run"] = {}

    def of(self, record: Record, mark: Mark, run: str) -> str:
        """Return the numbers of a record's values, in the order of the filters."""
        found = {"how it ended": mark.word, "run": run, **record.trial.cell}
        for name in record.trial.cell:
            self._values.setdefault(name, {})
        return " ".join(self._number(name, found.get(name)) for name in self._values)

    def _number(self, name: str, value: str | None) -> str:
        known = self._values[name]
        return "-" if value is None else str(known.setdefault(value, len(known)))

    def bar(self, total: int, nouns: str, averaged: bool) -> Markup:
        """Return the row of filters; script.js shows it and makes it work. `averaged`: whether matches have a mean."""
        parts = []
        for name, values in self._values.items():
            wanted = 2 <= len(values) <= MAX_OPTIONS
            options = [tag("option", "any", value="")]
            options += [tag("option", value, value=str(number)) for value, number in sorted(values.items()) if wanted]
            select = tag("select", *options, data_facet=True)
            parts.append(tag("label", spaced(name), select, hidden=not wanted))
        ways = [("plan order", ""), *([("worst first", "m up"), ("best first", "m down")] if averaged else [])]
        ways += [(f"most {text.lower()} first", f"{letter} down") for letter, text in COLUMNS if letter in "tcnds"]
        order = tag("select", *(tag("option", text, value=value) for text, value in ways), id="order")
        parts.append(tag("label", "order", order))
        parts.append(tag("label", "words in it", tag("input", type="search", id="search", autocomplete="off")))
        count = tag("output", f"{total} of {total} {nouns} shown", id="count", aria_live="polite")
        return tag("div", *parts, count, id="filter", class_="filter", role="search", aria_label=nouns, hidden=True)


def matches_folder(page: Path) -> Path:
    """Return the folder next to a page that its matches go to."""
    return page.parent / f"{page.stem}_matches"


_ANY_TRIAL = "match"
"""Heading of the list if its runs have different words for a trial, or no trial."""


class MatchList:
    """Takes the records of all runs one by one; then gives the list for the page.

    `folder`: for the matches, each chunk of them as a page; None: they are in the list itself.
    """

    def __init__(self, folder: Path | None, page: Path, several: bool) -> None:
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._folder, self._several = folder, several
        self._link_folder, self._back = quote(matches_folder(page).name), f"../{quote(page.name)}"
        self._file: IO[bytes] | None = None
        self._in_file = self._bytes_in_file = self.files = 0
        self._file_of = array("L")
        self.count = 0
        self.facets = Facets(several)
        self._priced = False
        self._noun = ""

    def href(self, number: int) -> str:
        """Return the link to a match by its number."""
        if self._folder is None:
            return f"#m{number}"
        return f"{self._link_folder}/{_name(self._file_of[number])}#m{number}"

    def add(self, tally: RunTally, record: Record, ledger: Mapping[str, Json] | None, run: str) -> Markup:
        """Take one record; return it as it is shown."""
        number = self.count
        self.count += 1
        if self._folder is not None:
            self._file_of.append(self._current_file())
        mark = tally.marks.of(record)
        place = Place(number, self.facets.of(record, mark, run))
        priced = tally.bill.priced
        self._priced |= priced
        self._noun = tally.trial_noun if self._noun in ("", tally.trial_noun) else _ANY_TRIAL
        line = row(record, mark, run if self._several else "", tally)
        whole = body(record, ledger, place, tally)
        if self._folder is None:
            shown = tag("details", tag("summary", line), whole, class_="m", data_k=place.facets)
        else:
            shown = tag("a", line, class_="m", href=self.href(number), data_k=place.facets)
            self._write_beside(tag("details", tag("summary", line), whole, class_="m"))
        start = '<div class="chunk">\n' if number % CHUNK == 0 else ""
        end = "</div>\n" if number % CHUNK == CHUNK - 1 else ""
        self._spool.write(f"{start}{shown}\n{end}".encode())
        return whole

    def _current_file(self) -> int:
        if self._file is None or self._in_file >= FILE_MATCHES or self._bytes_in_file >= FILE_BYTES:
            self._close_file()
            assert self._folder is not None
            self._file = (self._folder / _name(self.files)).open("wb")  # noqa: SIM115 - closed by `_close_file`
            self.files += 1
            self._in_file = self._bytes_in_file = 0
            title = f"Matches from number {self.count - 1}"
            back = tag("p", tag("a", "back to the report", href=self._back))
            header = tag("header", tag("h1", "Arena report"), back, tag("h2", title))
            skip = skip_link("main", "Skip to the matches")
            self._file.write(join([top(title, False), skip, header, Markup('<main id="main">\n')]).encode())
        return self.files - 1

    def _write_beside(self, text: Markup) -> None:
        assert self._file is not None
        data = f"{text}\n".encode()
        self._file.write(data)
        self._in_file += 1
        self._bytes_in_file += len(data)

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.write(f"</main>\n{bottom(False)}".encode())
            self._file.close()
            self._file = None

    def copy_to(self, out: AtomicFile) -> None:
        """Write the list into the page."""
        self._close_file()
        out.write(f"{heading(self._priced, self._noun or _ANY_TRIAL)}\n".encode())
        out.write(b'<div id="list" class="priced">\n' if self._priced else b'<div id="list">\n')
        self._spool.seek(0)
        while block := self._spool.read(1 << 16):
            out.write(block)
        out.write(b"</div>\n" if self.count % CHUNK else b"")
        out.write(b"</div>\n")

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spool.close()


def _name(number: int) -> str:
    return f"{number + 1:04d}.html"
