"""Whether and when a call is tried again: verdicts on answers, Retry-After, back-off with jitter. No I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from arena.records import Json

RETRY_STATUSES = frozenset({408, 409, 425, 429, 498, 499, *range(500, 600)} - {501, 505})
"""Statuses for which another attempt may help: RFC 9110 (408, 5xx), RFC 6585 (429), RFC 8470 (425), 409 as in the
vendors' clients, and the unregistered 498 (Groq: no capacity), 499 (a gateway lost its own call), 520-530 of content
networks and 529 (overloaded)."""

EPOCH_S = 1e9
"""A Retry-After of more seconds (31 years) is a time in seconds since 1970, which some servers send."""

LATE_STATUSES = frozenset({408, 504, 524})
"""Statuses with which a gateway ends a wait: the model behind it may still have done the work."""

JITTER_FLOOR = 0.5
"""A back-off is at least this share of its nominal length and at most all of it, so that workers spread out."""


class AnswerVerdict(NamedTuple):
    """The consequence of an answer for the call: accept it, try again, or give up.

    `reason` says why it is not accepted, for people; `value` is the body as parsed by the classifier (so it is parsed
    once).  `throttled`: the server limits the rate, so only the deadline bounds the retries.  `asked_s`: the seconds
    that the body asks to wait.  `may_be_billed`: work was done for this answer, although it is useless.
    """

    action: Literal["accept", "retry", "fail"]
    reason: str = ""
    value: Json = None
    throttled: bool = False
    asked_s: float | None = None
    may_be_billed: bool = False


Classifier = Callable[[int, Mapping[str, str], bytes], AnswerVerdict]
"""(status, headers with lower-case names, body) -> Verdict. Never called for redirects, which always fail."""


def by_status(status: int, headers: Mapping[str, str], body: bytes) -> AnswerVerdict:
    """Retry the RETRY_STATUSES and return every other answer to the caller, who looks at its status."""
    if status in RETRY_STATUSES:
        return AnswerVerdict("retry", f"HTTP {status}: {excerpt(body)}", throttled=status == 429)
    return AnswerVerdict("accept")


def excerpt(body: bytes, limit: int = 300) -> str:
    """Return the beginning of a body as one line of at most `limit` characters, for an error message."""
    text = " ".join(body[: limit * 4].decode("utf-8", "replace").split())
    return (text[: limit - 3] + "...") if len(text) > limit else (text or "(empty body)")


def retry_after_s(headers: Mapping[str, str], wall_now: float) -> float | None:
    """Return the seconds that the server asks to wait, or None if it gives no readable time.

    Reads `retry-after-ms` (a vendors' addition), then `Retry-After` in seconds or as an HTTP date (RFC 9110,
    10.2.3), which is compared with the server's own `Date`: its clock may be wrong. `wall_now`: seconds since the
    epoch, used if the server sends no date. A date in the past gives 0.
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) / scale
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds if seconds < EPOCH_S else max(0.0, seconds - wall_now)
    moment = _moment(headers.get("retry-after", ""))
    if moment is None:
        return None
    server_now = _moment(headers.get("date", ""))
    return max(0.0, moment - (wall_now if server_now is None else server_now))


def _moment(text: str) -> float | None:
    """Return an HTTP date as seconds since the epoch, or None if it is malformed."""
    try:
        moment = parsedate_to_datetime(text)
        # A date with the zone "-0000" is parsed without a zone; HTTP dates are always UTC.
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


ASKED = re.compile(
    r"(?:try again|retry)(?: your request)? (?:in|after) (?P<time>(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+|\d+(?:\.\d+)?)"
    r"|\"?retryDelay\"?[\s:\"]+(?P<delay>\d+(?:\.\d+)?s)",
    re.IGNORECASE,
)
"""Vendors' wordings of a wait: `try again in 20.7s`, `in 6m0s`, `in 850ms`, `after 30 seconds`, `retry in 36.4s`."""

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "millisecond": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0,
          "minute": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0}  # fmt: skip


def asked_in_text(text: str) -> float | None:
    """Return the seconds that an error message asks to wait, or None if it asks for nothing."""
    found = ASKED.search(text)
    if found is None:
        return None
    words = found["time"] or found["delay"]
    seconds = 0.0
    parts = _PART.findall(words)
    for number, word in parts:
        unit = _UNITS.get(word.lower()) or _UNITS.get(word.lower().removesuffix("s"))
        if unit is None:
            break  # the sentence continues: "in 20 s or later"
        seconds += float(number) * unit
    else:
        if not parts:
            seconds = float(words)
    return seconds if math.isfinite(seconds) and seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off: `base_s` doubled per failed attempt, at most `cap_s`, shortened by jitter."""

    base_s: float
    cap_s: float
    random: Callable[[], float]

    def wait_s(self, failures: int, asked_s: float | None) -> float:
        """Return the seconds to wait after the `failures`-th failure (from 1): the back-off or more.

        `asked_s` (Retry-After) is a lower bound: jitter is added to it, never subtracted. It never shortens the
        back-off, because servers ask for 0 seconds or for a time that has passed.
        """
        # 2**64 already exceeds any cap; the bound keeps the power from overflowing a float.
        nominal = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 64))
        jittered = nominal * (JITTER_FLOOR + (1.0 - JITTER_FLOOR) * self.random())
        if asked_s is None:
            return jittered
        return max(jittered, asked_s + min(self.base_s, self.cap_s) * self.random())
