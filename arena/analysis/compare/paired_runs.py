"""Two finished runs side by side: may they be compared, and which matches are pairs.

A pair is the same trial of both runs (same key: challenge and repetition). Its challenge is its cluster. If trials
of a series depend on each other, all units that the series connects are one cluster. Pairs within one run: by_label.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Any

from arena.analysis.compare.brief import BriefRecord, brief_records
from arena.engine.build import family_spec
from arena.engine.finished import unit_digests
from arena.engine.run_reliability import PanelSums, Repeated, reliability_json, repeated
from arena.errors import DataError, Issue, UsageError
from arena.families.spec import Words
from arena.formats.decode_nodes import MemberError
from arena.records import STATUSES, Json
from arena.stats.moments import Moments
from arena.store.finished_run import FinishedRun
from arena.store.rundir import SUMMARY_FILE

_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
"""A SHA-256; its beginning distinguishes two, and the rest only fills the line."""

_RELAXED = frozenset({"repetitions", "benchmark_version", "set_header_sha256", "challenges_sha256", "prompts_sha256"})
"""Settings that may differ with --intersect, which then compares each challenge and repetition."""
_NAMES = {"challenges_sha256": "challenges (digest)",
          "set_header_sha256": "header of the challenge set (digest)",
          "prompts_sha256": "system prompts (digest)",
          "tools_sha256": "description of the calculator for players (digest)"}  # fmt: skip
VERIFIED_RULE = "verified_rule"
"""Rule of the run's verified scores: runs of different rules are compared except for these."""


@dataclass(frozen=True, slots=True)
class ComparedMatch:
    """The parts of one record that a comparison needs. `scores` and `verified` are empty if the match has none."""

    repeated: Repeated
    cell: Mapping[str, str]
    repetition: Json
    series: str | None
    status: str
    scored: bool
    scores: Mapping[str, float]
    outcome: str | None
    verified: Mapping[str, float]
    verified_outcome: str | None

    @property
    def unit(self) -> str:
        return self.repeated[0]


@dataclass(slots=True)
class RunTable:
    """One run in memory: its matches by trial key, and further counts."""

    run: FinishedRun
    dimensions: tuple[str, ...]
    planned: int | None
    outcomes: tuple[str, ...]
    panels: PanelSums
    conditions: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    """Values that a scored trial may lack."""
    lower_is_better: frozenset[str] = frozenset()
    matches: dict[str, ComparedMatch] = field(default_factory=dict)
    not_sent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Model -> settings that were asked for and not sent to it."""
    shared: dict[object, Any] = field(default_factory=dict)
    """Values that many matches have, each kept once."""
    verified_rules: set[str] = field(default_factory=set)
    """`name version` of every rule by which verified scores were made."""

    @property
    def words(self) -> Words:
        """The words for units and trials in the run's family."""
        return family_spec(self.run.manifest.identity.family).words

    @property
    def success(self) -> str:
        """The outcome that the success rate counts."""
        return self.outcomes[0] if self.outcomes else ""

    @property
    def judged(self) -> bool:
        """Return whether a judge gave the scores."""
        return self.run.manifest.identity.models.judge is not None

    def part(self, label: str, value: str) -> RunTable:
        """Return the matches with one value of a label; how many were planned of them is not known."""
        chosen = {key: match for key, match in self.matches.items() if match.cell.get(label) == value}
        return replace(self, planned=None, matches=chosen)

    def reliability(self, units: frozenset[str] | None = None) -> dict[str, Json] | None:
        """Return pass@k, pass^k and the variance split of the run, None without repetitions, or of a part of it.

        `units`: those that count, where two runs are compared in what they have in common; then the judge has no share
        of the variance.
        """
        if self.planned is None:
            return None
        plays: dict[Repeated, tuple[int, dict[str, int], Moments]] = {}
        for match in self.matches.values():
            if units is not None and match.unit not in units:
                continue
            n, outcomes, scores = plays.get(match.repeated) or (
                0,
                dict.fromkeys(self.outcomes, 0),
                Moments(self.dimensions),
            )
            if match.outcome is not None:
                outcomes[match.outcome] += 1
            if match.scored:
                scores.add(match.scores)
            plays[match.repeated] = n + 1, outcomes, scores
        panels = self.panels if units is None else PanelSums(self.dimensions, self.conditions)
        return reliability_json(plays, panels, self.words)

    def counts(self) -> dict[str, int | None]:
        """Return the number of matches of each kind that enter no mean, and of those that do; None if it
        is not known."""
        played = len(self.matches)
        missing = None if self.planned is None else self.planned - played
        found = {"planned": self.planned, "played": played, "not_played": missing}
        for status in STATUSES:
            found[status] = sum(match.status == status for match in self.matches.values())
        done = [match for match in self.matches.values() if match.status == "done"]
        scored = sum(match.scored for match in done)
        found["scored"], found["unscored"] = scored, len(done) - scored
        return found


def read_run(run: FinishedRun) -> RunTable:
    """Read a sound run. Errors: DataError if it is unfinished or damaged."""
    summary = run.summary()
    try:
        dimensions, outcomes = tuple(summary["mean_scores"]), tuple(summary["outcomes"])
        planned = int(summary["n_planned"])
        not_sent = {model: tuple(names) for model, names in summary.get("not_sent", {}).items()}
        conditions, optional = tuple(summary["conditions"]), frozenset(summary["optional_scores"])
        lower = frozenset(summary.get("lower_is_better", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            [Issue(str(run.path / SUMMARY_FILE), "", f"a field is missing or malformed: {error!r}")]
        ) from None
    table = RunTable(run, dimensions, planned, outcomes, PanelSums(dimensions, conditions), conditions, optional, lower)
    table.not_sent = not_sent
    if run.records.shape.replaced:
        raise UsageError(f"{run.path} has two records of one trial: finish the run with `--resume` first")
    for place, record, judged in brief_records(run):
        if record.key in table.matches:
            raise UsageError(f"{run.path} has two records of {record.key} although it is finished: it was changed")
        try:
            table.matches[record.key] = _match(record, table)
        except MemberError as error:
            where = f"line {place.number}: /{error.member}"
            raise DataError([Issue(str(run.records.path), where, str(error))]) from None
        if judged is not None:
            table.panels.add(judged)
    return table


def _match(record: BriefRecord, table: RunTable) -> ComparedMatch:
    """Return the figures of a record. Errors: MemberError if it does not fit the run's summary."""
    scores = _numbers(record.numbers(), table, "scores") if record.scored else {}
    found, of_record = record.verified, record.outcome or None
    verified: Mapping[str, float] = {}
    outcome = None
    if found is not None:
        table.verified_rules.add(f"{found.rule} {found.version}")
        verified = {name: value for name, value in found.scores.items() if value is not None}
        outcome = found.outcome
    if record.status == "aborted":  # an aborted match has nothing to verify; it remains a failure
        outcome = of_record
    for member, label in (("outcome", of_record), ("score_detail/verified/outcome", outcome)):
        if label is not None and label not in table.outcomes:
            raise MemberError(member, f"{label!r} is not an outcome of this run")
    trial, shared = record.trial, table.shared
    unit = repeated(trial, table.conditions)
    return ComparedMatch(
        repeated=shared.setdefault(unit, unit),
        cell=shared.setdefault(_typed(trial.cell), trial.cell),
        repetition=trial.plan.get("rep"),
        series=None if trial.series is None else shared.setdefault(trial.series, trial.series),
        status=intern(record.status),
        scored=record.scored,
        scores=shared.setdefault(_typed(scores), scores),
        outcome=None if of_record is None else intern(of_record),
        verified=shared.setdefault(_typed(verified), verified),
        verified_outcome=None if outcome is None else intern(outcome),
    )


def _typed(values: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what two mappings have in common if each may stand for the other: 1 and 1.0 are not the same."""
    return tuple((name, value, type(value)) for name, value in values.items())


def _numbers(values: Mapping[str, float | int | None], table: RunTable, member: str) -> dict[str, float]:
    found = {name: value for name in table.dimensions if (value := values.get(name)) is not None}
    lacking = [name for name in table.dimensions if name not in found and name not in table.optional]
    if lacking:
        raise MemberError(member, f"has no number for {', '.join(lacking)}, and the match is scored")
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """One trial of both sides; `cluster`: the group that resampling draws as a whole."""

    unit: str
    base: ComparedMatch
    tuned: ComparedMatch
    cluster: str


@dataclass(frozen=True, slots=True)
class PairedRuns:
    """Two comparable runs. `pairs` are in the base run's order.

    `only_base`, `only_tuned`: matches that the other run has not played.  `common`: with --intersect what was used and
    left out (`challenges`, and the names that are in `only_base`, `only_tuned`, or `changed` between the runs).
    `verified_problem`: why verified scores cannot be compared; empty if they can.
    `by`: label, its value in base and in tuned, where parts of runs are compared.
    """

    base: RunTable
    tuned: RunTable
    pairs: tuple[Pair, ...]
    only_base: int
    only_tuned: int
    common: Mapping[str, Json] | None
    verified_problem: str
    by: tuple[str, str, str] | None = None

    @property
    def tied(self) -> bool:
        """Return whether series tie units together, so that clusters are not the units."""
        return any(pair.cluster != pair.unit for pair in self.pairs)

    @property
    def cluster_words(self) -> Words:
        """What readers call a cluster."""
        words = self.base.words
        return replace(words, unit="series", units="series") if self.tied else words


def pair_runs(base: RunTable, tuned: RunTable, intersect: bool) -> PairedRuns:
    """Pair two runs. Errors: UsageError listing everything in which runs that cannot be compared differ."""
    require_comparable(base, tuned, intersect)
    common = _common(base.run, tuned.run) if intersect else None
    used = None if common is None else frozenset(common["challenges"])
    matches = {key: match for key, match in base.matches.items() if used is None or match.unit in used}
    others = {key: match for key, match in tuned.matches.items() if used is None or match.unit in used}
    pairs = paired_up([(match, others[key]) for key, match in matches.items() if key in others])
    if not pairs:
        raise UsageError(
            f"these runs have no {base.words.trial} in common: no {base.words.unit} was played in both; compare runs"
            f" of the same {base.words.units}"
        )
    left, right = len(matches) - len(pairs), len(others) - len(pairs)
    return PairedRuns(base, tuned, pairs, left, right, common, verified_problem(base, tuned))


def require_comparable(base: RunTable, tuned: RunTable, intersect: bool, by_label: bool = False) -> None:
    """Refuse two runs that cannot be compared. `by_label`: their conditions may differ.

    Errors: UsageError listing all in which they differ."""
    found = list(_obstacles(base, tuned, intersect, by_label))
    if found:
        hint = "" if intersect else "; --intersect compares what both have played"
        relaxed = all(relaxed for relaxed, _ in found)
        lines = "\n  ".join(line for _, line in found)
        raise UsageError(
            f"these runs cannot be compared, they differ in\n  {lines}\n"
            f"play both with the same settings except the players{hint if relaxed else ''}"
        )


def paired_up(matched: Sequence[tuple[ComparedMatch, ComparedMatch]]) -> tuple[Pair, ...]:
    """Return pairs with their clusters: a unit, or the first of all units that series of either side tie together."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = parent[node]
        return node

    for pair in matched:
        unit = root(("unit", pair[0].unit))
        for side, match in zip(("base", "tuned"), pair, strict=True):
            if match.series is not None:
                parent[root((side, match.series))] = unit
    clusters = [root(("unit", base.unit)) for base, _ in matched]
    first: dict[tuple[str, str], str] = {}
    for (base, _), cluster in zip(matched, clusters, strict=True):
        first.setdefault(cluster, base.unit)
    return tuple(
        Pair(base.unit, base, tuned, first[cluster]) for (base, tuned), cluster in zip(matched, clusters, strict=True)
    )


def _obstacles(base: RunTable, tuned: RunTable, intersect: bool, by_label: bool) -> Iterator[tuple[bool, str]]:
    """Yield (would --intersect allow it, one line) for each difference that makes a comparison meaningless."""
    ours, theirs = must_agree(base.run), must_agree(tuned.run)
    spec = family_spec(base.run.manifest.identity.family)
    free = (_RELAXED if intersect else frozenset()) | frozenset(spec.chooses_conditions if by_label else ())
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        if ours.get(name) == theirs.get(name) or name in free:
            continue
        label = _NAMES.get(name, name.replace("_", " "))
        for line in _differences(label, ours.get(name), theirs.get(name)):
            yield name in _RELAXED, line
    if (base.dimensions, base.outcomes) != (tuned.dimensions, tuned.outcomes):
        yield False, f"dimensions or outcomes: base {_short(base.dimensions)}, tuned {_short(tuned.dimensions)}"


def must_agree(run: FinishedRun) -> dict[str, Json]:
    """Return the values that must be equal in both runs, by name: rules, judge, seed, limits, but not the players."""
    identity = run.manifest.identity
    settings, models, spec = identity.settings, identity.models, family_spec(identity.family)
    judge = {name: value for name, value in settings.items() if name.startswith("judge_")}
    judge_files = {label: models.files[label] for label in models.judges if label in models.files}
    return {
        "family": identity.family,
        "seed": settings.get("seed"),
        **{name: settings.get(name) for name in spec.compared},
        **{name: value for name, value in identity.rules.items() if name not in spec.not_compared},
        "judge": models.judge,
        **{name: value for name, value in judge.items() if name not in ("judge_provider", "judge_model")},
        **({"judge_file_sha256": judge_files} if judge_files else {}),
        "tool_protocol": identity.tool_protocol,
        "tools_sha256": identity.tools_sha256,
    }


def _common(base: FinishedRun, tuned: FinishedRun) -> dict[str, Json]:
    """Return the units that both runs played alike, and the names of the others."""
    ours, theirs = unit_digests(base), unit_digests(tuned)
    return {
        "challenges": [name for name in ours if name in theirs and ours[name] == theirs[name]],
        "changed": [name for name in ours if name in theirs and ours[name] != theirs[name]],
        "only_base": [name for name in ours if name not in theirs],
        "only_tuned": [name for name in theirs if name not in ours],
    }


def verified_problem(base: RunTable, tuned: RunTable) -> str:
    if not base.verified_rules and not tuned.verified_rules:
        return ""
    for name, table in (("base", base), ("tuned", tuned)):
        if not table.verified_rules:
            return f"no verified scores in this run: {name}"
        if len(table.verified_rules) > 1:
            return f"{name} mixes verified scores of several rules: {', '.join(sorted(table.verified_rules))}"
    if base.verified_rules != tuned.verified_rules:
        rules = ", ".join(sorted(base.verified_rules)), ", ".join(sorted(tuned.verified_rules))
        return f"the rules of the verified scores differ: base {rules[0]}, tuned {rules[1]}"
    return ""


def _differences(label: str, ours: Json, theirs: Json) -> Iterator[str]:
    """Yield a line for each difference between two unequal values; for objects, only the members that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            if ours.get(name) != theirs.get(name):
                yield from _differences(f"{label} {name.replace('_', ' ')}", ours.get(name), theirs.get(name))
    else:
        yield f"{label}: base {_short(ours)}, tuned {_short(theirs)}"


def _short(value: Json) -> str:
    text = _DIGEST.sub(r"\1...", json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 100 else text[:97] + "..."
