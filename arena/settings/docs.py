"""The tables of settings and variables in the documents, built from the table of settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arena.errors import DataError, Issue
from arena.settings.config import default_text
from arena.settings.table import VARIABLES, Setting, Variable
from arena.settings.values import LIFTED

COMMON_SETTINGS = (
    "challenge_split", "limit", "repetitions", "participant_model", "role_model", "judge_model", "judge_tools",
    "calculator_provider", "out", "resume", "workers", "continue_on_error", "max_cost_usd", "dry_run",
)  # fmt: skip
"""Names of the settings that the README lists: those that most runs use."""


def settings_markdown(table: Sequence[Setting]) -> str:
    """Return a Markdown table of all settings: flag, key in a config file, default, variable, part, meaning."""
    lines = ["| flag | key | default | variable | part | meaning |", "|---|---|---|---|---|---|"]
    for row in table:
        variable = f"`{row.env}`" if row.env else ""
        if row.env_if is not None:
            variable += f" (with {' or '.join(row.env_if[1])})"
        cells = (_flags(row), f"`{row.name}`", _default(row), variable, row.part, row.help + _bounds(row))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def common_markdown(table: Sequence[Setting]) -> str:
    """Return a Markdown table of the settings in COMMON_SETTINGS: flag, default, meaning."""
    rows = {row.name: row for row in table}
    lines = ["| flag | default | meaning |", "|---|---|---|"]
    for name in COMMON_SETTINGS:
        row = rows[name]
        lines.append(f"| {_flags(row)} | {_default(row)} | {row.help}{_bounds(row)} |")
    return "\n".join(lines) + "\n"


def _flags(row: Setting) -> str:
    switched_off = row.kind == "flag" and row.default
    return ", ".join(f"`--no-{flag[2:]}`" if switched_off else f"`{flag}`" for flag in row.flags)


def _default(row: Setting) -> str:
    text = default_text(row)
    return f"`{text}`" if text else ""


def _bounds(row: Setting) -> str:
    low = f"above {row.above:g}" if row.above is not None else f"{row.low:g}" if row.low is not None else ""
    if not low:
        return ""
    if row.high is None:
        lifted = f", or {LIFTED}" if row.liftable else ""
        return f" ({low}{lifted})" if row.above is not None else f" ({low} or more{lifted})"
    high = str(row.high) if isinstance(row.high, int) else f"{row.high:g}"
    return f" ({low} to {high})"


def variables_markdown(table: Sequence[Variable] = VARIABLES) -> str:
    """Return a Markdown table of the variables that are read in addition to the settings."""
    lines = ["| variable | for | default | meaning |", "|---|---|---|---|"]
    for row in table:
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {row.group} | {default} | {row.help} |")
    return "\n".join(lines) + "\n"


GENERATED: Mapping[str, Callable[[Sequence[Setting]], str]] = {
    "settings": settings_markdown,
    "common": common_markdown,
    "variables": lambda table: variables_markdown(),
}
"""Name of a generated part of a document -> what builds it from the table of settings."""


def with_tables(text: str, file: str, table: Sequence[Setting]) -> str:
    """Return a document with its generated parts renewed; `table`: the settings that it lists.

    A part is between `<!-- generated: NAME -->` and `<!-- end: NAME -->`, NAME being a key of `GENERATED`.
    Raises DataError when a part does not end.
    """
    for name, content in GENERATED.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        if begin not in text:
            continue
        before, _, rest = text.partition(begin)
        if end not in rest:
            raise DataError([Issue(file, "", f"the generated part {name} does not end: write {end} below it")])
        text = before + begin + content(table) + rest[rest.index(end) :]
    return text
