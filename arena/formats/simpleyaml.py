"""Read a strict subset of YAML: configuration files, prices, rules.

What is accepted means the same in YAML 1.2 and to PyYAML (YAML 1.1); whatever the two read differently, or readers
often misjudge, is refused with line and column. The subset and the reason for each restriction: docs/simpleyaml.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from arena.errors import DataError, Issue
from arena.formats.bounded import read_file
from arena.formats.json_types import Json
from arena.formats.yaml_scalars import ScalarRefused, join_block, resolve

MAX_DEPTH = 40
"""Nesting beyond this is refused, so that no input exhausts the interpreter's stack."""
MAX_BYTES = 1024 * 1024
"""Bytes of a file; the longest that a person writes here, prices of a hundred models, has 20 kB."""
MAX_KEY = 1000
"""Characters of a key as written; YAML 1.2 (section 7.4) bounds an implicit key at 1,024."""

_FORBIDDEN = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DOCUMENT_MARK = re.compile(r"(?:---|\.\.\.)(?: |$)")
_SPECIAL_STARTS = {
    "&": "anchors are not part of this subset",
    "*": "aliases are not part of this subset",
    "!": "tags are not part of this subset",
    "%": "text that starts with % needs quotes",
    "@": "text that starts with @ needs quotes",
    "`": "text that starts with ` needs quotes",
    "|": "a text block starts right after `key:` or `- `, on the same line; text that starts with | needs quotes",
    ">": "a text block starts right after `key:` or `- `, on the same line; text that starts with > needs quotes",
    "?": "text that starts with ? needs quotes (complex keys are not part of this subset)",
    ":": "text that starts with : needs quotes",
    ",": "text that starts with , needs quotes",
    "]": "] without its [ (text that starts with ] needs quotes)",
    "}": "} without its { (text that starts with } needs quotes)",
    "#": "a comment needs a space before its #; text that starts with # needs quotes",
}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


def load(path: Path | str, hint: str = "") -> Json:
    """Read the YAML file at `path` (UTF-8). Raises DataError when it is missing, no UTF-8 or not of the subset.
    `hint`: as of read_file."""
    data = read_file(Path(path), MAX_BYTES, hint)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        place = f"line {row}, column {column}"
        raise DataError(
            [Issue(str(path), place, "not UTF-8 (column counted in bytes); save the file as UTF-8")]
        ) from error
    return loads(text, str(path))


def loads(text: str, file: str) -> Json:
    """Return the value of a YAML text; None for a text without content. `file` names it in errors (DataError)."""
    return _Parser(text, file).document()


class _Parser:
    """A recursive descent over lines. `row` is the line being read; columns count from 0 here, from 1 in messages."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.row = 0
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        self.lines = text.split("\n")
        self.ends_with_newline = self.lines[-1] == ""
        if self.ends_with_newline:
            self.lines.pop()
        self._check_characters(text)

    def fail(self, row: int, column: int, message: str) -> NoReturn:
        raise DataError([Issue(self.file, f"line {row + 1}, column {column + 1}", message)])

    def _check_characters(self, text: str) -> None:
        found = _FORBIDDEN.search(text)
        if found is None:
            return
        at = found.start()
        row, column = text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1
        if found[0] == "\t":
            self.fail(row, column, 'tabs are refused; use spaces (inside double quotes: "\\t")')
        self.fail(
            row, column, f"the character U+{ord(found[0]):04X} is refused; write it as an escape in double quotes"
        )

    # Lines

    def next_indent(self) -> int:
        """Go to the next line with content and return its indent; -1 at the end."""
        while self.row < len(self.lines):
            line = self.lines[self.row]
            stripped = line.lstrip(" ")
            if stripped and not stripped.startswith("#"):
                if _DOCUMENT_MARK.match(line):
                    self.fail(self.row, 0, "document markers are refused: a file is one document, without --- or ...")
                return len(line) - len(stripped)
            self.row += 1
        return -1

    def skip_blanks(self, column: int) -> int:
        """Return the column of the next non-space from `column` on (the line's length where only blanks follow)."""
        line = self.lines[self.row]
        while column < len(line) and line[column] == " ":
            column += 1
        return column

    def at_end(self, column: int) -> bool:
        """Return whether only blanks or a comment follow from `column`, which is right after something."""
        line, after = self.lines[self.row], self.skip_blanks(column)
        return after == len(line) or (line[after] == "#" and after > column)

    def is_dash(self, column: int) -> bool:
        return self.lines[self.row][column : column + 2] in ("-", "- ")

    # Block structure

    def document(self) -> Json:
        indent = self.next_indent()
        if indent < 0:
            return None
        value = self.node(indent, 0)
        if (column := self.next_indent()) >= 0:
            self.fail(
                self.row, column, "nothing may follow here: check the indentation, or quote text of several lines"
            )
        return value

    def node(self, column: int, depth: int) -> Json:
        """The block node that starts at `column` of this line; leaves `row` behind it."""
        if depth > MAX_DEPTH:
            self.fail(self.row, column, f"nested more than {MAX_DEPTH} deep")
        if self.is_dash(column):
            return self.sequence(column, depth)
        if self.find_key(column) is not None:
            return self.mapping(column, depth)
        return self.inline(column, depth)

    def sequence(self, indent: int, depth: int) -> list[Json]:
        items: list[Json] = []
        column = indent
        while column == indent and self.is_dash(indent):
            after = indent + 1
            if self.at_end(after):
                items.append(self.value_below(indent, False, depth))
            else:
                start = self.skip_blanks(after)
                block = self.lines[self.row][start] in "|>"
                items.append(self.text_block(start, indent) if block else self.node(start, depth + 1))
            column = self.next_indent()
        if column > indent:
            self.fail(self.row, column, "indented too far: a list item ends with its line (quote or fold long text)")
        return items

    def mapping(self, indent: int, depth: int) -> dict[str, Json]:
        entries: dict[str, Json] = {}
        column = indent
        while column == indent:
            found = None if self.is_dash(indent) else self.find_key(indent)
            if found is None:
                self.fail(self.row, indent, "expected `key: value` (a space belongs after the colon)")
            key, after = found
            if key in entries:
                self.fail(self.row, indent, f"the key {key!r} occurs twice")
            entries[key] = self.entry_value(after, indent, depth)
            column = self.next_indent()
        if column > indent:
            self.fail(self.row, column, "indented too far: a value ends with its line (quote or fold long text)")
        return entries

    def entry_value(self, after: int, indent: int, depth: int) -> Json:
        if self.at_end(after):
            return self.value_below(indent, True, depth)
        start = self.skip_blanks(after)
        if self.lines[self.row][start] in "|>":
            return self.text_block(start, indent)
        if self.is_dash(start):
            self.fail(self.row, start, "a list starts on the line below its key")
        return self.inline(start, depth + 1)

    def value_below(self, indent: int, after_key: bool, depth: int) -> Json:
        """The value of a key or dash that has nothing behind it: the deeper lines below, or null."""
        self.row += 1
        below = self.next_indent()
        if below > indent:
            return self.node(below, depth + 1)
        if after_key and below == indent and self.is_dash(below):
            return self.sequence(below, depth + 1)
        return None

    def find_key(self, column: int) -> tuple[str, int] | None:
        """The key that starts at `column` and the column behind its colon, or None if there is no `key:`."""
        line = self.lines[self.row]
        if line[column] in "\"'":
            text, end = self.quoted(column)
            colon = self.skip_blanks(end)
            if colon == len(line) or line[colon] != ":" or line[colon + 1 : colon + 2] not in ("", " "):
                return None
            return self._bounded_key(text, column, end), colon + 1
        if line[column] in "[{":
            return None
        colon = column
        while line[colon + 1 : colon + 2] not in ("", " ") or line[colon] != ":":
            colon += 1
            if colon == len(line) or line.startswith(" #", colon):
                return None
        text = line[column:colon].rstrip(" ")
        if not text or text[0] in _SPECIAL_STARTS:
            self.fail(self.row, column, _SPECIAL_STARTS[line[column]])
        return self._bounded_key(self._plain_key(text, column), column, colon), colon + 1

    def _bounded_key(self, key: str, start: int, end: int) -> str:
        if end - start > MAX_KEY:
            self.fail(self.row, start, f"a key may have at most {MAX_KEY} characters")
        return key

    def _plain_key(self, text: str, column: int) -> str:
        value = self.resolve(text, column)
        if not isinstance(value, str):
            self.fail(self.row, column, f'keys are text: write "{text}" in quotes')
        return value

    def text_block(self, start: int, indent: int) -> str:
        """A `|` (kept) or `>` (folded) block whose lines are indented deeper than `indent`."""
        header = self.lines[self.row][start:].split(" #")[0].rstrip(" ")
        if header not in ("|", "|-", "|+", ">", ">-", ">+"):
            message = "a text block's header is | or >, then - or + at most (indentation digits are not in this subset)"
            self.fail(self.row, start, message)
        head, first = self.row, self.row + 1
        self.row = first
        while self.row < len(self.lines) and not self.lines[self.row].strip(" "):
            self.row += 1
        line = self.lines[self.row] if self.row < len(self.lines) else ""
        width = len(line) - len(line.lstrip(" "))
        if width <= indent:
            self.fail(head, start, 'a text block without text: indent its lines deeper than the key, or write ""')
        rows: list[str] = []
        self.row = first
        while self.row < len(self.lines):
            line = self.lines[self.row]
            if not line.strip(" "):
                if len(line) > width:
                    self.fail(self.row, width, "blanks at the end of an empty line in a text block: remove them")
            elif line[:width].strip(" "):
                break
            elif header[0] == ">" and line[width] == " ":
                self.fail(self.row, width, "deeper lines in a folded block are refused: readers differ; use |")
            rows.append(line[width:])
            self.row += 1
        if self.row == len(self.lines) and not self.ends_with_newline:
            self.fail(self.row - 1, len(self.lines[-1]), "the file must end with a line break after a text block")
        return join_block(rows, header)

    # Values on one line

    def inline(self, column: int, depth: int) -> Json:
        """A scalar or a flow collection that ends with this line; leaves `row` on the next."""
        line = self.lines[self.row]
        value: Json
        if line[column] in "\"'":
            value, end = self.quoted(column)
        elif line[column] in "[{":
            value, end = self.flow(column, depth)
        else:
            end = line.find(" #", column)
            end = len(line) if end < 0 else end
            text = line[column:end].rstrip(" ")
            self._check_plain(text, column)
            value = self.resolve(text, column)
        if not self.at_end(end):
            self.fail(self.row, self.skip_blanks(end), "nothing may follow the value on this line but ` # a comment`")
        self.row += 1
        return value

    def _check_plain(self, text: str, column: int) -> None:
        """Refuse plain text that YAML reads as something other than text."""
        if text[0] in _SPECIAL_STARTS:
            self.fail(self.row, column, _SPECIAL_STARTS[text[0]])
        if text == "-" or text.startswith("- "):
            self.fail(self.row, column, "a dash makes a list item only at the start of a line; as text it needs quotes")
        at = (text + " ").find(": ")
        if at >= 0:
            self.fail(self.row, column + at, "a second `: ` on one line: put quotes around the text")

    def flow(self, column: int, depth: int) -> tuple[Json, int]:
        """`[...]` or `{...}` on one line: its value and the column behind it."""
        if depth > MAX_DEPTH:
            self.fail(self.row, column, f"nested more than {MAX_DEPTH} deep")
        line = self.lines[self.row]
        is_list = line[column] == "["
        close = "]" if is_list else "}"
        items: list[Json] = []
        entries: dict[str, Json] = {}
        at = self.skip_blanks(column + 1)
        while line[at : at + 1] != close:
            if is_list:
                value, at = self.flow_item(at, depth)
                items.append(value)
            else:
                start = at
                key, at = self.flow_key(at)
                if key in entries:
                    self.fail(self.row, start, f"the key {key!r} occurs twice")
                entries[key], at = self.flow_item(at, depth)
            at = self.skip_blanks(at)
            if line[at : at + 1] == ",":
                at = self.skip_blanks(at + 1)
            elif line[at : at + 1] != close:
                self.fail(self.row, at, f"expected , or {close} on this line (quote text that holds , [ ] {{ }} or ? )")
        return (items if is_list else entries), at + 1

    def flow_item(self, column: int, depth: int) -> tuple[Json, int]:
        line = self.lines[self.row]
        at = self.skip_blanks(column)
        if at == len(line) or line[at] == "#":
            self.fail(self.row, at, "a list [..] or mapping {..} must end on the line on which it starts")
        if line[at] in "[{":
            return self.flow(at, depth + 1)
        if line[at] in "\"'":
            return self.quoted(at)
        text = self._flow_plain(at)
        if not text:
            self.fail(self.row, at, "a value is missing (write null for none)")
        self._check_plain(text, at)
        return self.resolve(text, at), at + len(text)

    def flow_key(self, column: int) -> tuple[str, int]:
        """A key inside `{...}` and the column behind its colon."""
        line = self.lines[self.row]
        if column < len(line) and line[column] in "\"'":
            key, end = self.quoted(column)
            colon = self.skip_blanks(end)
            if line[colon : colon + 1] != ":":
                self.fail(self.row, colon, "expected a : after the key")
            return self._bounded_key(key, column, end), colon + 1
        text = self._flow_plain(column)
        colon = (text + " ").find(": ")
        name = text[: max(colon, 0)].rstrip(" ")
        if not name:
            self.fail(self.row, column, "expected `key: value` inside {..} (a space belongs after the colon)")
        self._check_plain(name, column)
        return self._bounded_key(self._plain_key(name, column), column, column + colon), column + colon + 1

    def _flow_plain(self, column: int) -> str:
        line = self.lines[self.row]
        end = column
        while end < len(line) and line[end] not in ",[]{}?" and not line.startswith(" #", end):
            end += 1
        return line[column:end].rstrip(" ")

    def quoted(self, column: int) -> tuple[str, int]:
        """The text of the quoted scalar at `column` and the column behind its closing quote."""
        line = self.lines[self.row]
        quote, at, parts = line[column], column + 1, []
        while at < len(line):
            char = line[at]
            if char == "\\" and quote == '"':
                text, at = self._escape(at)
                parts.append(text)
            elif char != quote:
                parts.append(char)
                at += 1
            elif quote == "'" and line[at + 1 : at + 2] == "'":
                parts.append("'")
                at += 2
            else:
                return "".join(parts), at + 1
        self.fail(self.row, column, f"the quote {quote} does not end on its line (use | or > for several lines)")

    def _escape(self, at: int) -> tuple[str, int]:
        line = self.lines[self.row]
        kind = line[at + 1 : at + 2]
        if kind in _ESCAPES:
            return _ESCAPES[kind], at + 2
        width = _HEX_ESCAPES.get(kind, 0)
        digits = line[at + 2 : at + 2 + width]
        if not width or not re.fullmatch(f"[0-9a-fA-F]{{{width}}}", digits):
            self.fail(
                self.row, at, 'unknown escape; there are \\" \\\\ \\/ \\b \\f \\n \\r \\t \\xHH \\uHHHH \\UHHHHHHHH'
            )
        code = int(digits, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            self.fail(self.row, at, "no such character: write it itself or as \\UHHHHHHHH (no surrogate pairs)")
        return chr(code), at + 2 + width

    def resolve(self, text: str, column: int) -> Json:
        """The value of a plain scalar: null, true, false, a number or text."""
        try:
            return resolve(text)
        except ScalarRefused as refused:
            self.fail(self.row, column, str(refused))
