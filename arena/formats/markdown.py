"""Markdown out of texts that anybody may have written: nothing in them is markup, a link or a mention.

By CommonMark 0.31 (section 2.4) a backslash in front of any ASCII punctuation makes it text; GitHub's extensions
(tables, autolinks, mentions, mathematics) follow the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from arena.formats.tables import printable

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#+!|~$@&^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_STARTS = re.compile(r"^([-=]|\d{1,9}(?=\.\s))")
_BREAKS = re.compile("[\n\u2028\u2029]+")


def escape(text: str) -> str:
    """Return text as one line of Markdown that shows it as it is; control characters are replaced."""
    line = _BREAKS.sub(" ", printable(text)).strip()
    line = _SPECIAL.sub(lambda found: "\\" + found[0], line)
    return _STARTS.sub(lambda found: "\\" + found[0] if found[0] in "-=" else found[0] + "\\", line)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Return a table (GitHub Flavored Markdown, section 4.10), its cells escaped; `right`: columns set flush right."""
    marks = "|".join("---:" if column in right else "---" for column in range(len(header)))
    return "\n".join([table_row(header), f"|{marks}|", *(table_row(row) for row in rows)])


def table_row(cells: Sequence[str]) -> str:
    """Return one row of a table, its cells escaped."""
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"
