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
    """A value in a public turn that its seat had to keep secret. `form`: `plain`, `encoded` or `inside a code`."""

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
"""Beginning of `by` of a step that is based on words, not on a call."""


@dataclass(frozen=True, slots=True)
class SecretStep:
    """What ruled out candidates of a secret.

    It was a call of `seat` whose result was posted (`by`: its op), or something that `seat` said (`by`: `told` and the
    form of the leak). `turn`: from which on the observer could use it. `left`: candidates after it.
    """

    turn: int
    seat: str
    by: str
    left: int


@dataclass(frozen=True, slots=True)
class SecretFound:
    """The check of one secret value.

    `observer`: of those who must not know the value, the one with the fewest candidates left. `candidates`: how many
    there were before the match; None if they cannot be listed. `remaining`: after it; None if nothing ruled out any.
    `minimum`: fewer must not remain.
    """

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
        """Return whether too few remain, and not because of words alone."""
        return not self.ok and any(not step.by.startswith(TOLD) and step.left < self.minimum for step in self.steps)


@dataclass(frozen=True, slots=True)
class SecrecyCheck:
    """`evaluations`: the work done, counted in hashes. `cut`: whether candidates were left untried because of the
    limit."""

    ok: bool
    found: tuple[SecretFound, ...]
    evaluations: int
    cut: bool


@dataclass(frozen=True, slots=True)
class ResultCheck:
    """The declared results.

    `verdict`: `none` (nobody, or not every role, declared a result), `disagreed`, `wrong`, `right`. `agreed`: all roles
    declared equal results. `declared`: role -> result as given. `right`: the right result; None if agreement alone
    decides, or a draw that leaves several. `redrawn`: whether the record shows a draw as declared, from which the
    result was recomputed; None if no draw decides. `unreadable`: role -> the form of result that was asked for and not
    given.
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
    """Values of public turns that look computed: how many there are, how many are real, and their share (None without
    any)."""

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
    """A call that meets an obligation, or a part of one."""

    turn: int
    seat: str
    op: str


@dataclass(frozen=True, slots=True)
class ObligationFound:
    """One obligation. `missing`: the roles that left it open. `calls`: the calls that met it, in order of turns."""

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
    """Each role's payoff in a match, in `unit`, and its payoff by open talk about the same values.

    `agreed`: whether all roles declared the same result.
    """

    unit: str
    agreed: bool
    seats: Mapping[str, float]
    open_talk: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CheatCheck:
    """The outcome of a cheat in a match in which a seat may cheat.

    `told`: the seat that was told to cheat; None if nobody was. `carried_out`: the turn in which it cheated; None if it
    kept to the agreement. `accusing`: honest seats whose last result says that somebody cheated; `named_by`: those of
    them that name the right seat. `failed_checks`: calls of others that showed the cheat. `ok`: the honest seats
    declared the right result: who cheated, or the result that was asked for. `way`: how seats may cheat here; None in
    older records.
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
    """All checks of a match.

    None for checks that need drawn values where there are none, for obligations that the challenge does not have, for
    cheats where nobody may cheat, and for secrecy where nothing is secret. `case` and `payoffs` are not checks: matches
    are counted by them. They are None for a challenge without.
    """

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
        """Return check -> whether it passed, in the order of CHECKS; None for a check that could not be made."""
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
        """Return whether every check that could be made passed."""
        return all(ok is not False for ok in self.passed().values())


CHECKS = ("textbook_names", "leaks", "result", "artefacts", "tools", "obligations", "cheat", "secrecy")


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """The detail of a crypto score."""

    checks: Checks
    verified: VerifiedScores


def detail_of(record: Record) -> MatchDetail | None:
    """Return the checks of a match; None if it was stopped from outside."""
    detail = record.score.detail
    return detail if isinstance(detail, MatchDetail) else None
