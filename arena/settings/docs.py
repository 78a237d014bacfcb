"""The tables of settings and variables in the documents, built from the table of settings."""

from __future__ import annotations

from collections.abc import Sequence

from arena.errors import DataError, Issue
from arena.settings.config import default_text
from arena.settings.table import VARIABLES, Setting, Variable


def settings_markdown(table: Sequence[Setting]) -> str:
    """Return a Markdown table of all settings: flag, key in a config file, default, variable, part, meaning."""
    lines = ["| flag | key | default | variable | part | meaning |", "|---|---|---|---|---|---|"]
    for row in table:
        flags = ", ".join(f"`{flag}`" for flag in row.flags)
        if row.kind == "flag" and row.default:
            flags = ", ".join(f"`--no-{flag[2:]}`" for flag in row.flags)
        default = f"`{default_text(row)}`" if default_text(row) else ""
        variable = f"`{row.env}`" if row.env else ""
        if row.env_if is not None:
            variable += f" (with {' or '.join(row.env_if[1])})"
        lines.append(f"| {flags} | `{row.name}` | {default} | {variable} | {row.part} | {row.help}{_bounds(row)} |")
    return "\n".join(lines) + "\n"


def _bounds(row: Setting) -> str:
    low = f"above {row.above:g}" if row.above is not None else f"{row.low:g}" if row.low is not None else ""
    if not low:
        return ""
    if row.high is None:
        return f" ({low})" if row.above is not None else f" ({low} or more)"
    high = str(row.high) if isinstance(row.high, int) else f"{row.high:g}"
    return f" ({low} to {high})"


def variables_markdown(table: Sequence[Variable] = VARIABLES) -> str:
    """Return a Markdown table of the variables that are read beside the settings."""
    lines = ["| variable | for | default | meaning |", "|---|---|---|---|"]
    for row in table:
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {row.group} | {default} | {row.help} |")
    return "\n".join(lines) + "\n"


def with_tables(text: str, file: str, table: Sequence[Setting]) -> str:
    """Return a document with its generated parts renewed; `table`: the settings that it lists.

    A part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`, NAME being `settings` or `variables`.
    Raises DataError when a part does not end.
    """
    for name, content in (("settings", settings_markdown(table)), ("variables", variables_markdown())):
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        if begin not in text:
            continue
        before, _, rest = text.partition(begin)
        if end not in rest:
            raise DataError([Issue(file, "", f"the generated part {name} does not end: write {end} below it")])
        text = before + begin + content + rest[rest.index(end) :]
    return text
