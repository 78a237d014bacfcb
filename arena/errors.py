"""The error tree. Every error names the mistake, its place, and what to do; its class decides the exit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from arena.stops import Stop

EXIT_OK = 0
EXIT_ERRORS = 1
EXIT_USAGE = 2
EXIT_BUDGET = 3
EXIT_INTERRUPTED = 130


_COMMAND = re.compile(r"(?m)^(\s*)(?=::)|(?<=##)(?=\[)")
"""Signs that make a line of output a command to GitHub Actions: `::` at its start, `##[` anywhere."""


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


class SettingRefused(ConfigError):
    """A service refuses the value of a setting: found by a call, and the run stops before more is spent."""


class DataError(UsageError):
    """An input file is malformed; carries *all* issues found, each with its place."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class TrialEnded(ArenaError):
    """Base of exceptions that end a trial: `stop` is the reason, the message explains it in one line.

    `attempts`: the HTTP attempts (`messages.HttpAttempt` values) if a service was called, for the call log.
    """

    stop = Stop.BUG

    def __init__(self, message: str, attempts: tuple[object, ...] = ()) -> None:
        self.attempts = attempts
        super().__init__(message)

    @property
    def may_be_billed(self) -> int:
        """Number of attempts that may have been billed without a known use (cut, timed out, unreadable)."""
        return sum(bool(getattr(attempt, "may_be_billed", False)) for attempt in self.attempts)


class PlayerFault(TrialEnded):
    """A player's message was malformed or broke a rule past the allowed re-asks: the trial is `aborted`."""

    stop = Stop.PLAYER_FAULT


class ContextExceeded(PlayerFault):
    """The conversation no longer fits into the model's context window: asking again gives the same answer."""

    stop = Stop.CONTEXT_EXCEEDED


class GateDenied(TrialEnded):
    """A gate denied a call: the trial is `denied`."""

    stop = Stop.GATE_DENIED


class RequestFiltered(GateDenied):
    """The provider's own content filter refused the request, so the model never saw it: the trial is `denied`."""

    stop = Stop.CONTENT_FILTER


class JudgePending(TrialEnded):
    """The judge is asked by a batch, whose answer has not arrived yet. The trial is `pending`."""

    stop = Stop.JUDGE_PENDING


class LimitExceeded(TrialEnded):
    """A limit of the run was reached: a clean stop that a higher limit resumes.

    `kind` names the limit (`calls`, `total_tokens`, ...), `value` the value that would have been reached, `limit` the
    bound.
    """

    stop = Stop.BUDGET

    def __init__(self, kind: str, value: float, limit: float) -> None:
        self.kind, self.value, self.limit = kind, value, limit
        super().__init__(f"budget: {kind} would reach {value:g}, the limit is {limit:g}")


class ServiceFault(TrialEnded):
    """A provider, judge or calculator failed after its retries: the trial is `error`, never a score.

    `reason` is the value of a Stop of status `error`.
    """

    def __init__(self, reason: str, message: str, attempts: tuple[object, ...] = ()) -> None:
        self.reason = reason
        self.stop = Stop(reason)
        super().__init__(message, attempts)


def ended(stop: Stop, message: str) -> TrialEnded:
    """Return the exception that ends a trial for this reason, to repeat a recorded end."""
    for kind in (ContextExceeded, RequestFiltered, PlayerFault, GateDenied, JudgePending):
        if kind.stop is stop:
            return kind(message)
    if stop is Stop.BUDGET:  # found between two attempts of one call
        end = TrialEnded(message)
        end.stop = stop
        return end
    return ServiceFault(stop if stop.status == "error" else Stop.JOURNAL, message)


class StorageFault(ArenaError):
    """The run directory cannot be written (for example because the disk is full): the run stops, and can be resumed."""


class Interrupted(ArenaError):
    """The user asked to stop (Ctrl-C): no further call starts, and the run can be resumed."""

    exit_code = EXIT_INTERRUPTED
