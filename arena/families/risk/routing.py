"""Which slices real models may play: the policy tag of a slice decides, and the decision is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arena.errors import UsageError
from arena.families.risk.slices import TAGS
from arena.formats.suggest import suggest
from arena.records import Json

SHIM, REAL = "SHIM", "REAL"
MODES = (SHIM, REAL)
ALLOW_SENSITIVE = "ALLOW_SENSITIVE"
"""Variable; 1: real models may play slices that are tagged sensitive."""


@dataclass(frozen=True, slots=True)
class Route:
    """How one slice is played, and why."""

    requested_mode: str
    tag: str
    effective_mode: str
    reason: str

    @property
    def allowed(self) -> bool:
        """Return whether the mode that was asked for is the one that is used."""
        return self.requested_mode == self.effective_mode

    def to_json(self) -> dict[str, Json]:
        return {
            "requested_mode": self.requested_mode,
            "tag": self.tag,
            "allowed": self.allowed,
            "effective_mode": self.effective_mode,
            "reason": self.reason,
        }


def route(mode: str, tag: str, environ: Mapping[str, str]) -> Route:
    """Return how a slice is played. Errors: UsageError for an unknown tag."""
    if tag not in TAGS:
        raise UsageError(f"unknown policy tag {tag!r}{suggest(tag, TAGS)}; there are: {', '.join(TAGS)}")
    if mode != REAL:
        return Route(mode, tag, SHIM, "SHIM was asked for")
    if tag == "benign":
        return Route(mode, tag, REAL, "benign slices may be played by real models")
    if tag == "prohibited":
        return Route(mode, tag, SHIM, "prohibited slices are never played by real models")
    if environ.get(ALLOW_SENSITIVE, "").strip() == "1":
        return Route(mode, tag, REAL, f"sensitive, and {ALLOW_SENSITIVE}=1 allows it")
    return Route(mode, tag, SHIM, f"sensitive slices need {ALLOW_SENSITIVE}=1")
