"""Turn the table of settings into flags: a parser that collects their texts, and the help of each flag."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from arena import __version__
from arena.settings.flags import Parser
from arena.settings.table import GROUPS, Setting
from arena.settings.values import LIFTED

_NOTES = (
    "Precedence: defaults < --config file < .env < environment < flags. Exit codes: 0 ok, 1 finished with errors, "
    "2 usage or configuration, 3 budget stop with --fail-on-budget, 130 interrupted. More: docs/configuration.md."
)


def build_parser(
    prog: str,
    table: Sequence[Setting],
    description: str,
    examples: Sequence[str] = (),
) -> Parser:
    """Return a parser that collects the texts of flags; `read_config` converts them to values."""
    parser = Parser(prog, **settings_parser(prog, description, examples))
    declare_settings(parser, table)
    return parser


def settings_parser(prog: str, description: str, examples: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of a Parser for `declare_settings`: for a command, or for a subcommand of one."""
    return {
        "notes": _NOTES,
        "examples": examples,
        "usage": f"{prog} [flags]",
        "description": description,
        "add_help": False,
        "argument_default": argparse.SUPPRESS,
    }


def declare_settings(parser: Parser, table: Sequence[Setting]) -> None:
    """Declare one flag per row of a table, by group, and `--help`."""
    groups = {title: parser.add_argument_group(title) for title in GROUPS}
    for row in table:
        _add_flag(groups[row.group], row)
    groups[GROUPS[-1]].add_argument("-h", "--help", action="help", help="print this text and exit")


def _add_flag(group: argparse._ArgumentGroup, row: Setting) -> None:
    if row.kind == "version":
        group.add_argument(*row.flags, action="version", version=f"arena {__version__}", help=row.help)
    elif row.kind == "flag":
        off = _off_flags(row)
        described = _help_text(row)
        group.add_argument(
            *row.flags, dest=row.name, action="store_true", help=argparse.SUPPRESS if row.default else described
        )
        if off:
            text = described if row.default else argparse.SUPPRESS
            group.add_argument(*off, dest=row.name, action="store_false", help=text)
    else:
        action = "append" if row.kind in ("list", "roles") else "store"
        bare: dict[str, Any] = {} if row.bare_env is None else {"nargs": "?", "const": True}
        described = _help_text(row)
        group.add_argument(*row.flags, dest=row.name, action=action, metavar=row.metavar, help=described, **bare)


def _off_flags(row: Setting) -> tuple[str, ...]:
    return tuple("--no-" + flag[2:] for flag in row.flags if not flag.startswith("--no-"))


def _help_text(row: Setting) -> str:
    notes = [f"default {default_text(row)}"] if row.kind != "flag" and default_text(row) else []
    notes += [f"{LIFTED}: no limit"] if row.liftable and row.default is not None else []
    notes += [row.env] if row.env else []
    return (row.help + (f" [{'; '.join(notes)}]" if notes else "")).replace("%", "%%")


def default_text(row: Setting) -> str:
    """The default as a user would write it; empty if there is none."""
    if row.kind == "flag":
        return "on" if row.default else "off"
    if row.default is None or row.default == ():
        return ""
    if isinstance(row.default, tuple):
        return ",".join(row.default)
    return f"{row.default:g}" if isinstance(row.default, float) else str(row.default)
