"""Text of strangers in tables, lines and CSV: one line stays one line, and nothing is a command or a formula."""

from __future__ import annotations

import csv
import io

import pytest

from arena.errors import Issue, one_line
from arena.formats.tables import csv_line, join_lines, printable, text_table

HOSTILE = "run\n::error file=x::planted\r\n  ::stop-commands::t \u2028::a\x1b[2J\u202e\u200b##[error]x"


def is_command(line: str) -> bool:
    """Whether GitHub Actions would take a line for a command."""
    return line.strip().startswith("::") or "##[" in line


@pytest.mark.parametrize("shown", [one_line(HOSTILE), str(Issue(HOSTILE, HOSTILE, HOSTILE)), join_lines([HOSTILE])])
def test_a_name_is_one_line_with_its_signs_visible(shown: str) -> None:
    assert shown.splitlines() == [shown] and shown.isprintable()
    assert "\\n" in shown and "\\x1b" in shown and "\\u202e" in shown and "\\u200b" in shown
    assert not is_command(shown)


@pytest.mark.parametrize("name", ["::error::x", "  ::error::x", "##[error]x", "\t::error::x"])
def test_a_name_alone_is_no_command(name: str) -> None:
    assert not is_command(one_line(name)) and not any(map(is_command, printable(f"a\n{name}").splitlines()))


def test_plain_text_stays_as_it_is() -> None:
    for text in ("Ana: 3 of 4 matches", "Zoë \u2013 \u4e2d\u6587", "a::b", "x ## [y]"):
        assert one_line(text) == printable(text) == join_lines([text]) == text
    assert printable("a\nb") == "a\nb" and one_line("a\nb") == "a\\nb"


def test_a_table_keeps_its_lines_and_its_cells_have_one_each() -> None:
    table = text_table(["name", "n"], [[HOSTILE, "1"]])
    assert len(join_lines(["title", table]).splitlines()) == 4
    assert not any(map(is_command, table.splitlines()))


def computed(line: str, delimiter: str) -> list[str]:
    """Return the cells that a spreadsheet with this delimiter would compute."""
    rows = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
    return [cell for row in rows for cell in row if cell.strip()[:1] in tuple("=+@\uff1d\uff0b\uff20")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "text",
    ["=1+1", "a;=1+1", "a; =1+1", "\uff1d1+1", "a;\uff1d1", "@SUM(1)", "\t=1", " =1", "a\t=1", "a|=1", "x\n=1", "+1;@2",
     'say "hi";=1', "a,=1", ";;=1"],
)  # fmt: skip
def test_no_cell_is_computed_whatever_the_locale(text: str, delimiter: str) -> None:
    line = csv_line(["first", text, "last"]).decode()
    assert computed(line, delimiter) == [] or (delimiter == "," and text == "a,=1")


def test_csv_reads_back_as_it_was_written() -> None:
    cells = ["a", 'say "hi", then', "a;b", "two\nlines", "", "1e5"]
    assert next(csv.reader(io.StringIO(csv_line(cells).decode(), newline=""))) == cells
    assert csv_line([None, True, 1, 0.5, "x"]) == b",true,1,0.5,x\n"


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "end\r", "a\nb", 'a"b', "a,b"])
def test_a_cell_with_a_line_end_stays_one_cell(text: str) -> None:
    line = csv_line(["first", text, "last"]).decode()
    assert list(csv.reader(io.StringIO(line, newline=""))) == [["first", text, "last"]]
