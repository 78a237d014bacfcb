"""Whether and when a call is tried again: verdicts on answers, Retry-After, back-off with jitter. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from arena.records import Json

RETRY_STATUSES = frozenset({408, 409, 425, 429, *range(500, 600)} - {501, 505})
"""Statuses that another attempt may cure: RFC 9110 (408, 5xx), RFC 6585 (429), RFC 8470 (425), 409 as the vendors'
clients have it, and the unregistered 520-530 of content networks and 529 (overloaded)."""

JITTER_FLOOR = 0.5
"""A back-off lies between this share of its nominal length and the whole of it, so that workers spread out."""


class Verdict(NamedTuple):
    """What an answer means for the call: take it, try again, or give up.

    `reason` says why not, for people; `value` is what the classifier parsed on the way (so it is parsed once).
    """

    action: Literal["accept", "retry", "fail"]
    reason: str = ""
    value: Json = None


Classifier = Callable[[int, Mapping[str, str], bytes], Verdict]
"""(status, headers with lower-case names, body) -> Verdict. Redirects never get here: they always fail."""


def by_status(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Retry what RETRY_STATUSES names and hand every other answer to the caller, who looks at its status."""
    if status in RETRY_STATUSES:
        return Verdict("retry", f"HTTP {status}: {excerpt(body)}")
    return Verdict("accept")


def excerpt(body: bytes, limit: int = 300) -> str:
    """Return the beginning of a body as one line of at most `limit` characters, for an error message."""
    text = " ".join(body[: limit * 4].decode("utf-8", "replace").split())
    return (text[: limit - 3] + "...") if len(text) > limit else (text or "(empty body)")


def retry_after_s(headers: Mapping[str, str], wall_now: float) -> float | None:
    """Return the seconds the server asks to wait, or None where it says nothing readable.

    Reads `retry-after-ms` (a vendors' addition), then `Retry-After` in seconds or as an HTTP date (RFC 9110,
    10.2.3). `wall_now`: seconds since the epoch. A date in the past gives 0.
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) / scale
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    # A date with the zone "-0000" comes back without one; HTTP dates are always UTC.
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - wall_now)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off: `base_s` doubled per failed attempt, at most `cap_s`, shortened by jitter."""

    base_s: float
    cap_s: float
    random: Callable[[], float]

    def wait_s(self, failures: int, asked_s: float | None) -> float:
        """Return the seconds to wait after the `failures`-th failure (from 1).

        `asked_s` (Retry-After) is a lower bound: jitter is added to it, never taken off.
        """
        # 2**64 already exceeds any cap; the bound keeps the power from overflowing a float.
        nominal = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 64))
        jittered = nominal * (JITTER_FLOOR + (1.0 - JITTER_FLOOR) * self.random())
        if asked_s is None:
            return jittered
        return asked_s + min(self.base_s, self.cap_s) * self.random()
