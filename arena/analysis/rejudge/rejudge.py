"""Scores the trials of a finished run again: any family, with its plays taken from that run's records.

A variant of the family of the run that is scored again, so runner, journal, resume, records and tables are those of
every run. No player is called: the trial is the transcript in the earlier record, whose digest must equal
that in `inputs/plays.jsonl`. The journal has only the judges' calls, and none in a run without a judge. What was not
scored there (errors, denied, limits, aborted) stays as it ended. docs/rejudging.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from arena.analysis.rejudge.agreement import AgreementReport, AgreementTally
from arena.analysis.rejudge.changes import ScoreChanges, Scored
from arena.engine.build import RunRequest
from arena.engine.finished import family_of_run, opened, rescoring_rules
from arena.errors import ConfigError, DataError, Issue, ServiceFault
from arena.families.contract import Bounds, Exporter, FactGroup, Family
from arena.formats.decode import decode, encode
from arena.formats.strict_json import read_bytes
from arena.judging.bounds import Judgements, judge_bounds
from arena.messages import Calculator, Conversation, ModelReply, ToolAnswer
from arena.play.bounds import NO_CALLS
from arena.play.past import Past
from arena.play.services import JUDGE_SEAT, Services
from arena.play.services_over import ServicesOver
from arena.play.toolbox import Toolbox
from arena.policy.gates import Decided
from arena.policy.gates_file import GATES_INPUT
from arena.records import GateDecision, Json, Record, Score, Stop, Transcript, Trial
from arena.settings.config import Config
from arena.store.bundles import Bundle
from arena.store.finished_run import FinishedRun, PlayRow, Source
from arena.store.journal import encode_line, read_rows
from arena.store.manifest import SourceIdentity
from arena.store.reader import RecordFile
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, RECORDS_FILE, file_digest

PLAYS_INPUT = "plays.jsonl"
"""In `inputs/`: one line per trial, in the order of the run that is scored again (docs/run-directory.md)."""


def play_digest(record: Record) -> str:
    """Return the SHA-256 of a play: key, seed, values, transcript, usage."""
    transcript = record.transcript
    entries = [entry.to_json() for entry in transcript.entries]
    usage = [encode(counters) for counters in transcript.usage.values()]
    played = [record.key, record.trial.seed, transcript.instance, entries, usage]
    return hashlib.sha256(b"arena-play/2\0" + encode_line(played)).hexdigest()


def read_plays(run: FinishedRun) -> list[PlayRow]:
    """Return a line of plays.jsonl for each record of a run. Errors: DataError for a damaged record."""
    return [
        PlayRow(
            key=record.key,
            seed=record.trial.seed,
            stop=record.play_stop,
            detail=record.transcript.detail,
            gates=tuple(one for one in (*record.transcript.gates, *record.gates) if one.seat != JUDGE_SEAT),
            scores=record.score.values if record.scored else None,
            outcome=record.score.outcome,
            sha256=play_digest(record),
        )
        for record in run.records
    ]


def source_of(run: FinishedRun) -> Source:
    """Return the data of `run` that a run needs to score it again. Errors: as of `read_plays`."""
    rows = read_plays(run)
    identity = run.manifest.identity
    told = SourceIdentity(
        identity.sha256, identity.models.judge, identity.calculator, hashlib.sha256(_lines(rows)).hexdigest()
    )
    return Source(run.path, told, tuple(rows))


def decided_policy(run: FinishedRun) -> Decided:
    """Return the policy under which the trials of `run` were played. Errors: DataError if its file is missing."""
    identity, path = run.manifest.identity.policy, run.path / INPUTS_DIR / GATES_INPUT
    files = {GATES_INPUT: read_bytes(path)} if "sha256" in identity else {}
    return Decided(identity, files)


def _lines(rows: Iterable[PlayRow]) -> bytes:
    return b"".join(encode_line(row.to_json()) for row in rows)


def build(request: RunRequest, tools: str | None) -> Rejudged:
    """Return the family that scores `request.source` again; `tools` is the description of tools for its players.

    Errors: ConfigError, DataError if that run cannot be scored by this version or with these settings.
    """
    source, config = request.source, request.config
    if source is None:
        raise ConfigError("no run to score again was named")
    run = opened(source.path)
    judge, judges_named = config.judge, request.judges()
    if judge is not None and judge.tools and tools is None:
        raise ConfigError("--judge-tools: the run was played without the calculator, so there is nothing to recompute")
    rules = rescoring_rules(request, run.identity["rules"])
    labels = [] if judges_named is None else judges_named.labels
    models = {**run.identity["models"], "panel": labels if len(labels) > 1 else []}
    wanted = {**run.identity, "source": None}
    wanted |= {"settings": config.identity_settings(), "models": models, "rules": rules}
    family = Rejudged(family_of_run(run.path, wanted), source, rules, len(labels))
    family.check(run)
    return family


def of_run(run_dir: Path, identity: Mapping[str, Json], family: Family) -> Rejudged:
    """Return the family of a run that scored another one again, from its own directory. Errors: DataError for
    plays.jsonl."""
    path = run_dir / INPUTS_DIR / PLAYS_INPUT
    rows = tuple(read_rows(path, PlayRow))
    told = decode(SourceIdentity, identity["source"], str(run_dir / MANIFEST_FILE), at="/identity/source")
    if file_digest(path) != told.plays_sha256:
        raise DataError([Issue(str(path), "", "is not what the identity names (source.plays_sha256)")])
    models = identity["models"]
    judgements = max(len(models["panel"]), int(models["judge"] is not None))
    return Rejudged(family, Source(run_dir, told, rows), identity["rules"], judgements)


NO_PAST = Past()


class Rejudged:
    """A family whose matches are already played; see the module. Everything except playing is the original family's."""

    def __init__(self, family: Family, source: Source, rules: Mapping[str, Json], judgements: int) -> None:
        """`source.path` is a run whose records have the transcripts; `rules` those of the run's identity;
        `judgements`: how many are asked for about a trial, 0 without a judge."""
        self._judgements = judgements
        self._family, self._source = family, source
        self._rules = {name: rules[name] for name in family.play_rules if name in rules}
        self._rows = {row.key: row for row in source.plays}
        self._records = RecordFile(source.path / RECORDS_FILE)
        self.spec, self.play_rules = family.spec, family.play_rules
        self.values, self.outcomes, self.labels = family.values, family.outcomes, family.labels
        self.conditions = family.conditions
        self.warnings: list[str] = list(family.warnings)
        statuses = {key: row.stop.status for key, row in self._rows.items()}
        self.carried_over: Mapping[str, str] = {key: status for key, status in statuses.items() if status != "done"}

    def check(self, run: FinishedRun) -> None:
        """Check that this version plans the matches as `run` did, and warn the user about differences.

        Errors: DataError naming the first record that it would plan otherwise.
        """
        seeds = {trial.key: trial.seed for trial in self._family.trials()}
        for row in self._source.plays:
            if seeds.get(row.key) != row.seed:
                message = f"{row.key}: this version does not plan this match with this seed"
                raise DataError([Issue(str(run.path / RECORDS_FILE), "", message)])
        missing, again = len(seeds) - len(self._rows), "judged" if self._judgements else "scored again"
        if missing:
            trials = self.spec.words.trials
            self.warnings.append(f"{missing} planned {trials} of {run.name} were not played, so they are not {again}")
        if self.carried_over:
            self.warnings.append(f"{_counted(self.carried_over)} in {run.name}: kept as they are, not {again}")
        now, then = self._family.identity(), run.identity["rules"]
        if not self._judgements and (other := self._other_rules(now, then)):
            self.warnings.append(f"{run.name} was scored by other rules, which differ in {', '.join(other)}")
        if any(then.get(name) != now.get(name) for name in self.play_rules):
            self.warnings.append("role views will show the system prompts of this version, not those that were played")
        if then.get("rubric") != now.get("rubric"):
            self.warnings.append(f"{run.name} was judged by another rubric: {then.get('rubric')}")

    def _other_rules(self, now: Mapping[str, Json], then: Mapping[str, Json]) -> list[str]:
        """Return the names of the rules of scoring in which this version differs from a run."""
        names = [name for name in now if name not in self.play_rules]
        return [name for name in names if encode_line(now[name]) != encode_line(then.get(name))]

    def trials(self) -> Iterator[Trial]:
        return (trial for trial in self._family.trials() if trial.key in self._rows)

    def toolbox(self, calculator: Calculator | None) -> Toolbox | None:
        return self._family.toolbox(calculator)

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        row, record = self._rows[trial.key], self._records.get(trial.key)
        if record is None or play_digest(record) != row.sha256:
            why = "is not there" if record is None else "was changed"
            return Transcript(stop=Stop.JOURNAL, detail=f"the match as it was played {why} in {RECORDS_FILE}")
        return Transcript(
            entries=record.transcript.entries,
            stop=row.stop,
            detail=row.detail,
            instance=record.transcript.instance,
            usage=record.transcript.usage,
            gates=list(row.gates),
        )

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        if transcript.gates:
            services = _Played(services, transcript.gates)
        return self._family.score(trial, transcript, services)

    def facts(self) -> Sequence[FactGroup]:
        return self._family.facts()

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        return self._family.lines(summary)

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        return self._family.unplayed(trial, why)

    def bundle(self, record: Record) -> Bundle | None:
        return self._family.bundle(record)

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        values, outcomes = [value.name for value in self.values], self.outcomes.labels
        before = {key: _scored(row, bool(self._judgements)) for key, row in self._rows.items()}
        own: Exporter
        if self._judgements:
            own = AgreementReport(run_dir, AgreementTally(values, outcomes, self._source.identity.judge, before))
        else:
            own = ScoreChanges(run_dir, values, outcomes, before)
        return [*self._family.exports(run_dir), own]

    def identity(self) -> Mapping[str, Json]:
        return {**self._family.identity(), **self._rules}

    def unit_name(self, unit: str) -> str:
        return self._family.unit_name(unit)

    def inputs(self) -> Mapping[str, bytes]:
        return {**self._family.inputs(), PLAYS_INPUT: _lines(self._source.plays)}

    def bounds(self, config: Config) -> Bounds:
        if not self._judgements:
            return Bounds(NO_CALLS, NO_CALLS)
        scored = [trial for trial in self.trials() if trial.key not in self.carried_over]
        judge, asked = config.judge, self._measured()
        tokens = None if judge is None else judge.sampling.max_tokens
        calls = int(config.get("max_tool_calls_per_turn", 0)) if judge is not None and judge.tools else 0
        judgements = len(scored) * self._judgements
        return Bounds(
            NO_CALLS,
            judge_bounds(Judgements(judgements, calls, asked.mean, asked.chars), tokens),
            (("longest question to a judge", f"{asked.chars:,} characters"),),
        )

    def _measured(self) -> _Questions:
        """Return the characters of all questions, transcripts included."""
        longest = _Questions()
        for trial in self.trials():
            if trial.key not in self.carried_over:
                try:
                    self.score(trial, self.play(trial, longest, NO_PAST), longest)
                except ServiceFault:
                    continue
        return longest


def _counted(settled: Mapping[str, str]) -> str:
    statuses = list(settled.values())
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))


def _scored(row: PlayRow, judged: bool) -> Scored | None:
    """Return how a trial was scored; None if it has neither scores nor, in a run without a judge, an outcome."""
    if row.scores is not None:
        return Scored.of(row.scores, row.outcome)
    return None if judged or row.outcome is None else Scored({}, row.outcome)


class _Played(ServicesOver):
    """Services of a trial about whose play a policy has decided, as a family sees them when it scores."""

    def __init__(self, inner: Services, played: Sequence[GateDecision]) -> None:
        super().__init__(inner, inner.has_tools)
        self._played = played

    @property
    def gate_decisions(self) -> Sequence[GateDecision]:
        return (*self._played, *self._inner.gate_decisions)


class _Questions:
    """Services that measure the questions to a judge, and answer none."""

    has_tools = True
    gate_decisions: tuple[GateDecision, ...] = ()

    def __init__(self) -> None:
        self.chars = self.total = self.number = 0
        """The length of the longest question, the total length, and the number of questions."""

    @property
    def mean(self) -> float:
        return self.total / self.number if self.number else 0.0

    def judge(
        self, turn: int, step: int, conversation: Conversation, schema: dict[str, Json] | None = None
    ) -> ModelReply:
        self.chars = max(self.chars, conversation.chars)
        self.total += conversation.chars
        self.number += 1
        raise ServiceFault("judge", "only measured")

    def ask(self, *_: object, **__: object) -> ModelReply:
        raise ServiceFault("provider", "only measured")

    def tool(self, *_: object, **__: object) -> ToolAnswer:
        raise ServiceFault("calculator", "only measured")
