"""The class of attacks: an attack takes the harmful part of a case and decides how it reaches the agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

IN_REQUEST, IN_STORE = "request", "store"
CARRIERS = (IN_REQUEST, IN_STORE)
"""The place of the harmful part: in the user's text, or in a tool's answer."""


def unchanged(part: str) -> str:
    """Return the part unchanged."""
    return part


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `wrap`: harmful part -> its replacement.  `pressure`: the user's further turns while the
    attack has not succeeded, `{part}` meaning the harmful part.  `carriers`: its possible places.
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
