"""What an attack is: it takes the harmful part of a case and says how it reaches the agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

IN_REQUEST, IN_STORE = "request", "store"
CARRIERS = (IN_REQUEST, IN_STORE)
"""Where the harmful part stands: in what the user writes, or in what a tool returns."""


def unchanged(part: str) -> str:
    """Return the part as it is."""
    return part


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `wrap`: harmful part -> what stands in its place.  `pressure`: what the user writes in further turns while the
    attack has not succeeded, `{part}` standing for the harmful part.  `carriers`: where it can stand.
    `owasp`, `atlas`: entries of the OWASP list for LLM applications (2025) and of MITRE ATLAS that it is an example of.
    """

    name: str
    title: str
    wrap: Callable[[str], str] = unchanged
    pressure: tuple[str, ...] = ()
    carriers: tuple[str, ...] = CARRIERS
    owasp: tuple[str, ...] = ()
    atlas: tuple[str, ...] = ()

    @property
    def turns(self) -> int:
        return 1 + len(self.pressure)
