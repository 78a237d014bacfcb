"""Comparisons by a label: parts of one run against each other, or the like parts of two runs.

A pair agrees in its unit, its repetition, and all labels but the one it is compared by; a label that has one value on
each side says nothing about a pair (it names a run's model, say).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.analysis.compare.paired_runs import (
    ComparedMatch,
    PairedRuns,
    RunTable,
    paired_up,
    require_comparable,
    verified_problem,
)
from arena.errors import UsageError
from arena.formats.short_names import full_name
from arena.records import Json


@dataclass(frozen=True, slots=True)
class By:
    """The argument of `--by`: a label, and the values of BASE and TUNED if given."""

    label: str
    values: tuple[str, ...] = ()


def read_by(word: str) -> By:
    """Read `LABEL`, `LABEL=BASE` or `LABEL=BASE,TUNED`. Errors: ValueError for another form."""
    label, given, rest = word.partition("=")
    values = tuple(part.strip() for part in rest.split(",")) if given else ()
    if not label or len(values) > 2 or not all(values):
        raise ValueError(word)
    return By(label.strip(), values)


def within(run: RunTable, by: By) -> list[PairedRuns]:
    """Return the parts of one run against each other: the first value, or the one that is named, against each other
    one. Errors: UsageError for a label or value that the run lacks, and if there is no pair."""
    known = values_of(run, by.label)
    by = By(by.label, tuple(full_name(value, known) for value in by.values))
    _require(by, known, run)
    if len(known) < 2:
        raise UsageError(
            f"{by.label} has one value in {run.run.path} ({known[0]}): there is nothing to compare it with"
        )
    base = by.values[0] if by.values else known[0]
    others = by.values[1:] or [value for value in known if value != base]
    found = [_paired(run.part(by.label, base), run.part(by.label, other), (by.label, base, other)) for other in others]
    return _with_pairs(found, by)


def across(base: RunTable, tuned: RunTable, by: By) -> list[PairedRuns]:
    """Return the parts of two runs: each value that both have; or one part of each, where values are named, or where
    each run has one value. Errors: UsageError as of `within`, and for runs that cannot be compared."""
    require_comparable(base, tuned, False, by_label=True)
    ours, theirs = values_of(base, by.label), values_of(tuned, by.label)
    if by.values:
        one, other = full_name(by.values[0], ours), full_name(by.values[-1], theirs)
        chosen = [(one, other)]
        _require(By(by.label, (one,)), ours, base)
        _require(By(by.label, (other,)), theirs, tuned)
    elif len(ours) == len(theirs) == 1:
        chosen = [(ours[0], theirs[0])]
    else:
        _require(by, ours, base)
        _require(by, theirs, tuned)
        chosen = [(value, value) for value in ours if value in theirs]
    if not chosen:
        raise UsageError(
            f"the runs have no {by.label} in common (base: {', '.join(ours)}; tuned: {', '.join(theirs)}); name one of"
            f" each: --by {by.label}=BASE,TUNED"
        )
    found = [
        _paired(base.part(by.label, one), tuned.part(by.label, other), (by.label, one, other)) for one, other in chosen
    ]
    return _with_pairs(found, by)


def values_of(run: RunTable, label: str) -> list[str]:
    """Return the values of a label, in the order in which they were played."""
    return list(dict.fromkeys(match.cell[label] for match in run.matches.values() if label in match.cell))


def _require(by: By, known: Sequence[str], run: RunTable) -> None:
    where = run.run.path
    if not known:
        raise UsageError(f"{where} has no label {by.label}; its labels are {', '.join(_labels(run))}")
    for value in by.values:
        if value not in known:
            raise UsageError(f"{by.label} is never {value} in {where}; its values are {', '.join(known)}")


def _paired(base: RunTable, tuned: RunTable, by: tuple[str, str, str]) -> PairedRuns:
    telling = [name for name in _labels(base, tuned) if name != by[0] and not _constant(name, base, tuned)]
    ours, theirs = _keyed(base, telling), _keyed(tuned, telling)
    pairs = paired_up([(match, theirs[key]) for key, match in ours.items() if key in theirs])
    left, right = len(ours) - len(pairs), len(theirs) - len(pairs)
    return PairedRuns(base, tuned, pairs, left, right, None, verified_problem(base, tuned), by)


def _labels(*tables: RunTable) -> list[str]:
    return list(dict.fromkeys(label for table in tables for match in table.matches.values() for label in match.cell))


def _constant(name: str, *tables: RunTable) -> bool:
    return all(len({match.cell.get(name) for match in table.matches.values()}) <= 1 for table in tables)


Key = tuple[str, tuple[str | None, ...], Json, int]


def _keyed(table: RunTable, telling: Sequence[str]) -> Mapping[Key, ComparedMatch]:
    """Return matches by the values that must be equal in a pair; the last part numbers matches with equal values."""
    found: dict[Key, ComparedMatch] = {}
    seen: dict[tuple[str, tuple[str | None, ...], Json], int] = {}
    for match in table.matches.values():
        alike = match.unit, tuple(match.cell.get(name) for name in telling), match.repetition
        number = seen.get(alike, 0)
        seen[alike] = number + 1
        found[*alike, number] = match
    return found


def _with_pairs(found: Sequence[PairedRuns], by: By) -> list[PairedRuns]:
    """Return the comparisons. Errors: UsageError if none has a pair."""
    if not any(one.pairs for one in found):
        words = found[0].base.words
        raise UsageError(f"by {by.label} no two {words.trials} are a pair: no {words.unit} was played on both sides")
    return list(found)
