"""The manner of every command's flags and help."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from arena.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Knows flags only by their whole names; a mistake is one line of a UsageError instead of a page of usage.

    `notes` and `examples` (whole command lines) stand at the end of the help; `rest` is what argparse takes.
    """

    def __init__(self, prog: str | None = None, notes: str = "", examples: Sequence[str] = (), **rest: Any) -> None:
        super().__init__(prog, formatter_class=HelpFormatter, allow_abbrev=False, **rest)
        self.epilog = "\n\n".join(part for part in (notes, examples_text(examples)) if part) or None

    def error(self, message: str) -> NoReturn:
        """Errors: UsageError, always."""
        raise UsageError(f"{message} (`{self.prog} --help` lists what there is)")

    def flags(self) -> list[str]:
        """Return every flag that the help shows."""
        return [flag for row in self._actions if row.help != argparse.SUPPRESS for flag in row.option_strings]


def examples_text(examples: Sequence[str]) -> str:
    """Return the examples as the help shows them; empty without any."""
    return "\n".join(("examples:", *(f"  {example}" for example in examples))) if examples else ""


class HelpFormatter(argparse.HelpFormatter):
    """Wraps everything but examples, and no flag's name at its hyphens."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=110)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            part if part.startswith("examples:\n") else super(HelpFormatter, self)._fill_text(part, width, indent)
            for part in text.split("\n\n")
        )
