"""Records of baselines -> how often each succeeds, and which challenges let one through. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from arena.families.baselines import BaselineRate, PublishedBaselines
from arena.families.crypto.baselines.table import BASELINES, REFERENCE
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.checks.verified import describe_rule
from arena.families.crypto.outcome import OUTCOMES
from arena.formats.tables import text_table
from arena.records import Json, Record

SUCCESS = OUTCOMES[0]

MOST_SUCCESS = 0.05
"""A baseline that should fail may reach verified SUCCESS in this share of the seeds."""

LEAST_REFERENCE = 0.99
MOST_FREQUENT_ANSWER = 0.6
"""The answer that is right most often may be right in this share of the seeds."""

CONSTANT = "constant"
PAYOFFS = "payoffs"

OPEN_TALK, OPEN_TALK_RIGHT = "open_talk", "open_talk_right"
"""The second is the row for open talk in challenges where plain talk is right. It is separate, so that the first shows
what open talk achieves in all others."""
LEAST_OPEN_TALK = 0.95
"""If a challenge declares that plain talk is right, open talk must reach verified SUCCESS in at least this share."""

JUDGE = "mock/judge"
"""The judge of baselines. It counts by rules, so the table can be reproduced."""


@dataclass(slots=True)
class Rates:
    """Counts over the matches of one baseline: raw and verified SUCCESS, those with all checks green, and those that
    ended early.

    `broken`: ended by an outage or a fault of the script; they count in no rate.
    """

    n: int = 0
    success: int = 0
    verified: int = 0
    green: int = 0
    right: int = 0
    broken: int = 0
    payoffs: dict[str, float] = field(default_factory=dict)
    """Seat -> the sum of its payoffs; empty over several challenges and for challenges without payoffs."""

    def add(self, record: Record) -> None:
        """Count one record."""
        if record.status not in ("done", "aborted"):
            self.broken += 1
            return
        self.n += 1
        self.success += record.score.outcome == SUCCESS
        detail = detail_of(record)
        if detail is None:
            return
        self.verified += detail.verified.outcome == SUCCESS
        self.green += detail.checks.all_green
        self.right += detail.checks.result is not None and detail.checks.result.ok
        if detail.checks.payoffs is not None:
            for seat, had in detail.checks.payoffs.seats.items():
                self.payoffs[seat] = self.payoffs.get(seat, 0.0) + had

    def to_json(self, name: str) -> dict[str, Json]:
        """Return the counts as rates."""
        found: dict[str, Json] = {
            "name": name,
            "n": self.n,
            "broken": self.broken,
            "success_rate": self._rate(self.success),
            "verified_success_rate": self._rate(self.verified),
            "checks_green_rate": self._rate(self.green),
            "result_right_rate": self._rate(self.right),
        }
        if self.payoffs:
            found[PAYOFFS] = {seat: round(had / self.n, 2) for seat, had in self.payoffs.items()}
        return found

    def _rate(self, count: int) -> float | None:
        return round(count / self.n, 4) if self.n else None


@dataclass(slots=True)
class BaselineTally:
    """Collects the records of a run of baselines, in all and by challenge.

    `agreed`: challenges whose result is whatever all agree on, so that a constant answer is always right. `plain`:
    challenges in which plain talk is right.
    """

    whole: dict[str, Rates] = field(default_factory=dict)
    by_challenge: dict[str, dict[str, Rates]] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()

    def add(self, record: Record) -> None:
        """Count one record."""
        name, unit = record.trial.plan["baseline"], record.trial.unit
        row = OPEN_TALK_RIGHT if name == OPEN_TALK and unit in self.plain else name
        self.whole.setdefault(row, Rates()).add(record)
        self.by_challenge.setdefault(unit, {}).setdefault(name, Rates()).add(record)

    def to_json(self) -> dict[str, Json]:
        """Return `baselines` over all challenges, and the same by challenge, in the order of the table."""
        whole = [{k: v for k, v in row.items() if k != PAYOFFS} for row in _listed(self.whole)]
        return {
            "baselines": whole,
            "challenges": {name: _listed(rates) for name, rates in self.by_challenge.items()},
        }

    def published(self, version: str, seeds: int, seed: int) -> PublishedBaselines:
        """Return the table over all challenges for readers of a leaderboard. `version`: of the set."""
        rows = _listed(self.whole)
        rates = tuple(
            BaselineRate(row["name"], row["n"], row["success_rate"], row["verified_success_rate"]) for row in rows
        )
        return PublishedBaselines(version, describe_rule(), JUDGE, seeds, seed, rates)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (challenge, message) for every reference that fails and every other baseline that succeeds too often.

        A constant answer may be right as often as the most frequent result is, which must be at most
        MOST_FREQUENT_ANSWER.
        """
        for challenge, rates in self.by_challenge.items():
            for name in BASELINES:
                if name in rates:
                    right = name == OPEN_TALK and challenge in self.plain
                    found = _talked(rates[name]) if right else _judged(name, rates[name], challenge in self.agreed)
                    yield from ((challenge, message) for message in found)


def _judged(name: str, rates: Rates, agreed: bool) -> Iterator[str]:
    if rates.broken:
        yield f"{rates.broken} matches of the baseline {name} broke off: `arena challenges play` shows the reference"
    if not rates.n:
        return
    share = rates.verified / rates.n
    if name == REFERENCE:
        if share < LEAST_REFERENCE:
            yield f"the reference play reaches verified SUCCESS in {rates.verified} of {rates.n} matches"
        return
    if share > MOST_SUCCESS:
        yield f"the baseline {name} reaches verified SUCCESS in {rates.verified} of {rates.n} matches"
    if name == CONSTANT and not agreed and rates.right / rates.n > MOST_FREQUENT_ANSWER:
        yield f"one and the same answer is right in {rates.right} of {rates.n} matches"


def _talked(rates: Rates) -> Iterator[str]:
    """Check open talk in a challenge that declares it right: it must succeed, otherwise the declaration is wrong."""
    if rates.broken:
        yield f"{rates.broken} matches of the baseline {OPEN_TALK} broke off"
    if rates.n and rates.verified / rates.n < LEAST_OPEN_TALK:
        yield (
            f"open talk is said to be right and reaches verified SUCCESS in {rates.verified} of {rates.n} matches only:"
            " leave `open_talk` out, or ask for nothing that talk cannot meet"
        )


def _listed(rates: Mapping[str, Rates]) -> list[dict[str, Json]]:
    return [rates[name].to_json(name) for name in (*BASELINES, OPEN_TALK_RIGHT) if name in rates]


def _percent(rate: float | None) -> str:
    return "-" if rate is None else format(rate, ".1%")


SHOWN_PAYOFFS = (REFERENCE, "open_talk", "full_disclosure", "told_beside", "constant")
PAYOFF_HEADS = ("challenge", "seat", *(name.replace("_", " ") for name in SHOWN_PAYOFFS))


def payoffs_text(rows: Mapping[str, Sequence[Mapping[str, Json]]]) -> str:
    """Return the mean payoff of each seat under some baselines as a text table; empty if none are declared.

    `rows`: challenge -> its rows in `BaselineTally.to_json`.
    """
    cells = []
    for challenge, listed in rows.items():
        had = {row["name"]: row[PAYOFFS] for row in listed if PAYOFFS in row}
        for seat in had.get(REFERENCE, {}):
            means = [f"{had[name][seat]:,.1f}" if name in had else "-" for name in SHOWN_PAYOFFS]
            cells.append([challenge, seat, *means])
    return text_table(list(PAYOFF_HEADS), cells, frozenset(range(2, len(PAYOFF_HEADS)))) if cells else ""


HEADS = ("baseline", "matches", "SUCCESS", "verified SUCCESS", "result right", "checks green")


def table_text(rows: Sequence[Mapping[str, Json]]) -> str:
    """Return the rates of `BaselineTally.to_json` as a text table."""
    cells = [
        [row["name"], str(row["n"]), *(_percent(row[f"{name}_rate"])
         for name in ("success", "verified_success", "result_right", "checks_green"))]
        for row in rows
    ]  # fmt: skip
    return text_table(list(HEADS), cells, frozenset(range(1, len(HEADS))))
