"""The parser of all commands: it declares flags, prints the help and refuses unknown words."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from arena.errors import UsageError
from arena.formats.suggest import suggest
from arena.formats.terminal import fit_command, terminal_width
from arena.settings.places import as_typed_here

WIDEST_HELP = 110
"""Columns of the help on a wide terminal: longer lines are hard to read."""

_EXAMPLES = "examples:\n"
_USAGE_PARTS = re.compile(r"\[.*?\]+(?=\s|$)|\(.*?\)+(?=\s|$)|\S+")
"""A part of the usage line that is never wrapped: a flag with its value, in brackets."""


class Parser(argparse.ArgumentParser):
    """Accepts only whole names of flags; a mistake is a UsageError of one line instead of a page of usage.

    `notes` and `examples` (whole command lines) are at the end of the help; `rest`: arguments of argparse.
    """

    def __init__(
        self,
        prog: str | None = None,
        notes: str = "",
        examples: Sequence[str] = (),
        add_help: bool = True,
        **rest: Any,
    ) -> None:
        super().__init__(prog, formatter_class=HelpFormatter, allow_abbrev=False, add_help=False, **rest)
        self.register("action", "help", _Help)
        self.epilog = "\n\n".join(part for part in (notes, examples_text(examples)) if part) or None
        self.common: tuple[str, ...] = ()
        if add_help:
            self.add_argument("-h", "--help", action="help", help="print this text and exit")
            self.add_argument("--help-all", action="help", help=argparse.SUPPRESS)

    def show_first(self, names: Sequence[str]) -> None:
        """Make `--help` show only the settings `names`, in this order, and `--help-all` all of them.

        Names without a flag in this parser are ignored.
        """
        known = {row.dest for row in self._actions if row.option_strings}
        self.common = (*(name for name in names if name in known), "help")
        self.add_argument("--help-all", action="help", help="print all flags and exit")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the options. Errors: UsageError for an unknown word, with the name that may be meant."""
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            self.leaf(args or ()).refuse(rest[0])
        return found

    def refuse(self, word: str) -> NoReturn:
        """Refuse `word`: it is not a flag of this command, and no value is expected there. Errors: UsageError,
        always."""
        flag = word.partition("=")[0]
        if not flag.startswith("-"):
            takers = [row.option_strings[0] for row in self._actions if row.option_strings and row.metavar == "FILE"]
            is_path = os.path.exists(word) and len(takers) == 1
            self.error(f"unexpected argument {word!r}" + (f"; name a file with {takers[0]}" if is_path else ""))
        self.error(f"unknown flag {flag}{suggest(flag, self.flags())}")

    def leaf(self, words: Sequence[str]) -> Parser:
        """Return the parser of the subcommand that `words` name; this parser if they name none."""
        for row in self._actions:
            if isinstance(row, argparse._SubParsersAction):
                for word in words:
                    if word in row.choices:
                        chosen: Parser = row.choices[word]
                        return chosen.leaf(words[words.index(word) + 1 :])
        return self

    def error(self, message: str) -> NoReturn:
        """Refuse the command line. Errors: UsageError, always."""
        for row in self._actions:
            # argparse's own words: "the following arguments are required: COMMAND"
            if isinstance(row, argparse._SubParsersAction) and message.endswith(f": {row.metavar}"):
                message = f"which {row.metavar}? there are: {', '.join(map(str, row.choices))}"
        raise UsageError(f"{message.removeprefix('argument ')} (`{self.prog} --help` lists all)")

    def flags(self) -> list[str]:
        """Return every flag that the help shows, in full."""
        return [flag for row in self._actions if row.help != argparse.SUPPRESS for flag in row.option_strings]

    def format_help(self) -> str:
        """Return the whole help: every flag, by group."""
        return self._help([(group.title, group._group_actions) for group in self._action_groups])

    def format_short_help(self) -> str:
        """Return the help with the common flags only; the whole help if none were declared common."""
        if not self.common:
            return self.format_help()
        rows = {row.dest: row for row in self._actions if row.help != argparse.SUPPRESS}
        left = sum(1 for row in rows.values() if row.option_strings and row.dest not in self.common)
        positional = [row for row in rows.values() if not row.option_strings]
        common = [self._shown(name) for name in self.common]
        more = f"{left} more flags: `{self.prog} --help-all`."
        return self._help([("positional arguments", positional), ("common flags", common)], more)

    def _shown(self, name: str) -> argparse.Action:
        """Return the flag of a setting that the help shows: the one of `--x` and `--no-x` that has a text."""
        rows = [row for row in self._actions if row.dest == name and row.option_strings]
        return next((row for row in rows if row.help != argparse.SUPPRESS), rows[0])

    def _help(self, sections: Sequence[tuple[str | None, Sequence[argparse.Action]]], more: str = "") -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for title, rows in sections:
            formatter.start_section(title)
            formatter.add_arguments(rows)
            formatter.end_section()
        formatter.add_text(more)
        formatter.add_text(self.epilog)
        return formatter.format_help()

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # The wording of argparse differs between versions of Python, and it makes no suggestion.
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f"unknown name {value!r}{suggest(str(value), known)} (there are: {', '.join(known)})"
            )

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            return super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError:
            if not action.option_strings:
                raise
            shown = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
            flag = action.option_strings[0]
            raise argparse.ArgumentError(action, f"a value is missing; write {flag} {shown}") from None


class _Help(argparse.Action):
    """`-h` and `--help` print the common flags, `--help-all` prints every flag; both end the command."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None, **rest: Any) -> None:
        super().__init__(option_strings, "help", nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        text = parser.format_help()
        if isinstance(parser, Parser) and option != "--help-all":
            text = parser.format_short_help()
        if sys.stdout is not None:  # None if it was closed at the start
            sys.stdout.write(text)
        parser.exit()


def examples_text(examples: Sequence[str]) -> str:
    """Return the examples for the help; empty if there are none."""
    return _EXAMPLES + "\n".join(f"  {example}" for example in examples) if examples else ""


class HelpFormatter(argparse.HelpFormatter):
    """Fits the terminal, up to WIDEST_HELP columns; wraps examples before flags, and never inside a flag's name."""

    def __init__(self, prog: str) -> None:
        width = min(terminal_width(), WIDEST_HELP)
        super().__init__(prog, max_help_position=32 if width >= 100 else 26, width=width)

    def _format_usage(self, *parts: Any) -> str:
        usage: str = super()._format_usage(*parts)
        if all(len(line) <= self._width for line in usage.splitlines()):
            return usage
        # After a long command name no flag fits on the line, so the flags go below it.
        words = _USAGE_PARTS.findall(" ".join(usage.split()))
        lines = [words[0]]
        for word in words[1:]:
            if len(lines[-1]) + 1 + len(word) > self._width:
                lines.append("       " + word)
            else:
                lines[-1] += f" {word}"
        return "\n".join(lines) + "\n\n"

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(as_typed_here(text), width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(self._filled(part, width, indent) for part in as_typed_here(text).split("\n\n"))

    def _filled(self, part: str, width: int, indent: str) -> str:
        if not part.startswith(_EXAMPLES):
            return textwrap.fill(part, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        lines = [fit_command(line, width - 2) for line in part.removeprefix(_EXAMPLES).split("\n")]
        return _EXAMPLES + "\n".join("  " + line.strip().replace("\n", "\n  ") for line in lines)
