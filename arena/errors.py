"""The error tree. Every error says what was wrong, where, and what to do; its class decides the exit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_ERRORS = 1
EXIT_USAGE = 2
EXIT_BUDGET = 3
EXIT_INTERRUPTED = 130


_COMMAND = re.compile(r"(?m)^(\s*)(?=::)|(?<=##)(?=\[)")
"""Where a line of output would be a command to GitHub Actions: `::` at its start, `##[` anywhere."""


def visible(text: str) -> str:
    """Return text in which control and format characters are written out (`\\x1b`), line breaks kept, and no line is a
    command to the system that runs us."""
    if not text.isascii() or not text.isprintable():
        text = "".join(sign if sign in "\n\xa0" or sign.isprintable() else _escape(sign) for sign in text)
    return _COMMAND.sub(r"\1\\", text)


def one_line(text: str) -> str:
    """Return text as one line: as `visible`, with line breaks written out as well."""
    return visible("".join(_escape(sign) if sign in _BREAKS else sign for sign in text))


_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem in an input file.

    `pointer` is a JSON pointer (RFC 6901) into `file`, or `line L, column C` where a file could not be parsed.
    """

    file: str
    pointer: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.pointer}" if self.pointer else self.file
        return one_line(f"{place}: {self.message}")


class ArenaError(Exception):
    """Base of all errors that reach a user as one clear message."""

    exit_code = EXIT_ERRORS


class UsageError(ArenaError):
    """Wrong use, found before any call was made; the message says what to change."""

    exit_code = EXIT_USAGE


class ConfigError(UsageError):
    """A setting is missing, unknown or out of range."""


class DataError(UsageError):
    """An input file does not hold what it should; carries *all* issues found, each with its place."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class PlayerFault(ArenaError):
    """A player's message was malformed or broke a rule past the allowed re-asks: the trial is `aborted`."""


class GateDenied(ArenaError):
    """A gate denied a call before it was made: the trial is `denied`."""


class LimitReached(ArenaError):
    """A budget ceiling was met: a clean stop that a higher ceiling resumes.

    `kind` names the ceiling (`calls`, `total_tokens`, ...), `value` what would have been reached, `limit` the ceiling.
    """

    def __init__(self, kind: str, value: float, limit: float) -> None:
        self.kind, self.value, self.limit = kind, value, limit
        super().__init__(f"budget: {kind} would reach {value:g}, the ceiling is {limit:g}")


class ServiceFault(ArenaError):
    """A provider, judge or calculator failed after its retries: the trial is `error`, never a score.

    `reason` is one of `timeout`, `provider`, `calculator`, `judge`, `journal`, `interrupted`, `bug`; `attempts` holds
    what was tried (`messages.HttpAttempt` values), for the call log.
    """

    def __init__(self, reason: str, message: str, attempts: tuple[object, ...] = ()) -> None:
        self.reason = reason
        self.attempts = attempts
        super().__init__(message)


class StorageFault(ArenaError):
    """The run directory does not take what is written (disk full, say): the run stops at once, and can be resumed."""


class Interrupted(ArenaError):
    """The user asked to stop (Ctrl-C): nothing more is started, and the run can be resumed."""

    exit_code = EXIT_INTERRUPTED
