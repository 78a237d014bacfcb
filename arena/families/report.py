"""The family's part of the report page, beyond its records.

Any family works without more than the base class: its records name their scores, outcomes and labels. A family adds
what only it knows, in a module that its spec names (`FamilySpec.report`): `parts_of(run) -> FamilyParts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.contract import FactGroup
from arena.formats.svg import Element
from arena.records import Json, Record


@dataclass(frozen=True, slots=True)
class PanelTable:
    """A table whose first column names its rows; `name` is what readers of screens hear."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class PanelFigure:
    """A picture and its caption; `file` is its name without `.svg` among the figures of the report: a-z, 0-9, `_`;
    `narrow` is its form for a phone, None if the picture is as good there."""

    file: str
    picture: Element
    caption: str
    narrow: Element | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A finding about one match in plain words, and the turns in which it can be seen, which the page links to."""

    text: str
    turns: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that the judge answers with yes or no, and its answer. `good`: whether the answer speaks for the
    players.  `turns`: those that show it, which the page links to."""

    asks: str
    answer: str
    good: bool
    turns: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of the report page: sentences, tables and figures in their order. `anchor`: of links, a-z alone."""

    anchor: str
    title: str
    parts: Sequence[str | PanelTable | PanelFigure]


class FamilyParts:
    """A family about which only its records are known."""

    outcomes: Sequence[str] = ()
    """Outcome labels, the best first; empty: unknown."""
    dimensions: Sequence[str] = ()
    scale: tuple[float, float] | None = None
    """Bounds of every score; None: unknown."""
    shares: Sequence[str] = ()
    """Scores that are 0 or 1 in each match, so that their mean is a share."""
    unit_noun = "unit"
    trial_nouns: tuple[str, str] = ("match", "matches")
    has_tools = False
    """Whether readers expect a line about the calculator."""
    verifies = False
    """Whether facts in the records cap the grades."""
    checks: Mapping[str, str] = {}
    """Name of a mechanical check -> its meaning if it is passed."""
    check_names: Mapping[str, str] = {}
    """Name of a mechanical check -> the same in few words, for plots."""
    optional_checks: Sequence[str] = ()
    """Checks that many units do not have, so that a match says nothing if such a one was not made."""
    cap_reasons: Mapping[str, str] = {}
    """Reason of a cap on a grade -> the finding, as a sentence without its full stop."""
    result_words: Mapping[str, str] = {}
    """Verdict of the check on the result -> the same after a number of matches, such as `without a result`."""
    canary: str | None = None
    """The text by which the data set that was played can be found in a corpus; None: it has none."""
    group_by = ""
    """Label by which the heat map is grouped; empty: not at all."""
    order: Mapping[str, Sequence[str]] = {}
    """Label -> its values in the order of tables; others by name."""

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        """Return new fact groups, with nothing counted."""
        return ()

    def title(self, unit: str) -> str:
        """Return the name of a unit for readers."""
        return unit

    def panels(self, facts: Sequence[FactGroup]) -> Sequence[Panel]:
        """Return the family's own sections; `facts` are its fact groups over the whole run."""
        return ()

    def found(self, record: Record) -> Sequence[tuple[str, str]]:
        """Return (name, text) of the findings about one match, for its readers."""
        return ()

    def answered(self, record: Record) -> Sequence[Answered]:
        """Return the judge's yes-or-no answers about one match."""
        return ()

    def ledger(self, record: Record) -> Mapping[str, Json] | None:
        """Return the sources of a match's claims, as of Family.ledger (families/contract.py); None: not known."""
        return None

    def passed(self, record: Record) -> Mapping[str, bool | None] | None:
        """Return check -> whether a match passed it, None if it could not be made; None if no check was made."""
        return None

    def check_words(self, record: Record, name: str) -> Sequence[Said]:
        """Return the findings of a mechanical check in a match, in plain words."""
        return ()

    def cap_words(self, record: Record, reason: str) -> Said:
        """Return in plain words why a grade was capped."""
        return Said(self.cap_reasons.get(reason, reason.replace("_", " ")))
