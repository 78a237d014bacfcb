"""The results of the mechanical checks and the verified scores of a match, typed: the family's Score.detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from arena.families.verified import VerifiedScores
from arena.records import Json, Record

ResultVerdict = Literal["right", "wrong", "disagreed", "none"]


@dataclass(frozen=True, slots=True)
class NameFound:
    """A textbook name in a public turn."""

    turn: int
    seat: str
    name: str


@dataclass(frozen=True, slots=True)
class NamesCheck:
    ok: bool
    found: tuple[NameFound, ...] = ()


@dataclass(frozen=True, slots=True)
class LeakFound:
    """A value that its seat was to keep, in a public turn. `form`: `plain`, `encoded` or `inside a code`."""

    turn: int
    seat: str
    value: str
    form: str


@dataclass(frozen=True, slots=True)
class LeaksCheck:
    """`undecided`: values whose plain mention may be a coincidence."""

    ok: bool
    found: tuple[LeakFound, ...]
    undecided: tuple[str, ...]


TOLD = "told"
"""Beginning of `by` for a step that is based on words, not on a call."""


@dataclass(frozen=True, slots=True)
class SecretStep:
    """What ruled out candidates of a secret: a call of `seat` whose result was posted (`by` its op), or, as `told` and
    the form of a leak, what it said. `turn`: from which on the observer could use it.  `left`: candidates after it."""

    turn: int
    seat: str
    by: str
    left: int


@dataclass(frozen=True, slots=True)
class SecretFound:
    """The check of one secret value. `observer`: the one of those who must not know it to whom the fewest candidates
    remain.  `candidates`: how many there are before the match, None if they cannot be listed; `remaining`: after it,
    None if nothing ruled out any of them.  `minimum`: fewer must not remain."""

    value: str
    seats: tuple[str, ...]
    observer: str
    candidates: int | None
    remaining: int | None
    minimum: int
    ok: bool
    steps: tuple[SecretStep, ...] = ()

    @property
    def worked_out(self) -> bool:
        """Return whether too few remain, and not only because of words."""
        return not self.ok and any(not step.by.startswith(TOLD) and step.left < self.minimum for step in self.steps)


@dataclass(frozen=True, slots=True)
class SecrecyCheck:
    """`evaluations`: the work done, counted in hashes.  `cut`: whether some candidates were not tried because of the
    limit."""

    ok: bool
    found: tuple[SecretFound, ...]
    evaluations: int
    cut: bool


@dataclass(frozen=True, slots=True)
class ResultCheck:
    """The declared results.

    `verdict`: `none` (nobody, or not every role, declared a result), `disagreed`, `wrong`, `right`.  `agreed`: all
    roles declared equal results.  `declared`: role -> result as given.  `right`: the right result, None if
    agreement alone decides, or a draw that leaves several.  `redrawn`: whether the record shows a draw as declared,
    from which the result was recomputed; None if no draw decides.
    `unreadable`: role -> what kind of result was wanted instead.
    """

    ok: bool
    verdict: ResultVerdict
    agreed: bool
    declared: Mapping[str, Json]
    right: Json
    unreadable: Mapping[str, str] = field(default_factory=dict)
    redrawn: bool | None = None


@dataclass(frozen=True, slots=True)
class UnrealValue:
    """A value of a public turn that looks computed and has no source."""

    turn: int
    seat: str
    artefact: str


@dataclass(frozen=True, slots=True)
class EvidenceValuesCheck:
    """Values of public turns that look computed, how many are real, and their share (None if there are none)."""

    ok: bool
    count: int
    real: int
    share: float | None
    unreal: tuple[UnrealValue, ...]


@dataclass(frozen=True, slots=True)
class UnusedCall:
    """A call whose result was never used."""

    turn: int
    seat: str
    op: str


@dataclass(frozen=True, slots=True)
class ToolsCheck:
    """Counts of players' calls: all, failed, malformed, unused; and the unused ones."""

    ok: bool
    calls: int
    failed: int
    malformed: int
    unused: int
    unused_calls: tuple[UnusedCall, ...]


@dataclass(frozen=True, slots=True)
class CallOfObligation:
    """A call that an obligation rests on."""

    turn: int
    seat: str
    op: str


@dataclass(frozen=True, slots=True)
class ObligationFound:
    """One obligation. `missing`: the roles that left it open.  `calls`: the calls that met it, in order of turns."""

    id: str
    met: bool
    missing: tuple[str, ...]
    calls: tuple[CallOfObligation, ...]


@dataclass(frozen=True, slots=True)
class ObligationsCheck:
    ok: bool
    found: tuple[ObligationFound, ...]


@dataclass(frozen=True, slots=True)
class CaseFound:
    """The case of a match (challenges.md, "Cases"), and whether it is a negative one."""

    label: str
    negative: bool


@dataclass(frozen=True, slots=True)
class PayoffsFound:
    """Each role's payoff in a match, in `unit`, and its payoff by open talk with the same values.

    `agreed`: whether all roles declared the same result.
    """

    unit: str
    agreed: bool
    seats: Mapping[str, float]
    open_talk: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CheatCheck:
    """The outcome of a cheat, in a match in which somebody may cheat.

    `told`: the seat that was told to cheat, None: nobody was.  `carried_out`: the turn in which it did, None: it kept
    to what was agreed.  `accusing`: honest seats whose last result says that somebody cheated; `named_by`: those of
    them that name who did.  `failed_checks`: calls of others that showed it.  `ok`: the honest seats declared what is
    right: who cheated, or the result that was asked for.  `way`: how seats may cheat here; None in older records.
    """

    ok: bool
    told: str | None
    carried_out: int | None
    accusing: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()
    failed_checks: tuple[CallOfObligation, ...] = ()
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks of a match; None for one that needs drawn values where there are none, for obligations that the
    challenge does not have, for cheats where nobody may cheat, for secrecy where nothing is secret. `case`, `payoffs`:
    no checks but what matches are counted by; None for a challenge without."""

    version: int
    textbook_names: NamesCheck
    leaks: LeaksCheck | None
    result: ResultCheck | None
    artefacts: EvidenceValuesCheck
    tools: ToolsCheck
    obligations: ObligationsCheck | None = None
    case: CaseFound | None = None
    cheat: CheatCheck | None = None
    payoffs: PayoffsFound | None = None
    secrecy: SecrecyCheck | None = None

    def passed(self) -> dict[str, bool | None]:
        """Return check -> whether it is ok, None if it could not be made; in the order of CHECKS."""
        return {
            "textbook_names": self.textbook_names.ok,
            "leaks": None if self.leaks is None else self.leaks.ok,
            "result": None if self.result is None else self.result.ok,
            "artefacts": self.artefacts.ok,
            "tools": self.tools.ok,
            "obligations": None if self.obligations is None else self.obligations.ok,
            "cheat": None if self.cheat is None else self.cheat.ok,
            "secrecy": None if self.secrecy is None else self.secrecy.ok,
        }

    @property
    def all_green(self) -> bool:
        """Return whether every check that could be made is ok."""
        return all(ok is not False for ok in self.passed().values())


CHECKS = ("textbook_names", "leaks", "result", "artefacts", "tools", "obligations", "cheat", "secrecy")


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """The detail of a crypto score."""

    checks: Checks
    verified: VerifiedScores


def detail_of(record: Record) -> MatchDetail | None:
    """Return the checks of a match; None if it was broken off from outside."""
    detail = record.score.detail
    return detail if isinstance(detail, MatchDetail) else None
