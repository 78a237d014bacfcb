"""Judges the matches of a finished run again: any family, with its plays taken from that run's records.

A variant of the family of the run that is judged again, so runner, journal, resume, records and tables are those of
every run. Nothing is asked of a player: a match is the transcript that the earlier record holds, once its digest is
that of `inputs/plays.jsonl`. The journal holds the judges' calls alone. What was not judged there (errors, denied,
limits, aborted) stays as it ended. docs/rejudging.md.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from arena.analysis.rejudge.agreement import AgreementReport, Tally
from arena.engine.build import family_of_run
from arena.errors import ConfigError, DataError, Issue, ServiceFault
from arena.families.contract import Exporter, Family
from arena.families.crypto.outcome import load_rule
from arena.messages import Conversation, ModelReply
from arena.play.services import JUDGE_SEAT, Services
from arena.records import STATUS_OF_STOP, Json, Score, Transcript, Trial
from arena.settings.config import Config, panel
from arena.store.files import reading
from arena.store.finished_run import FinishedRun, Source
from arena.store.journal import encode_line, parse_line, read_lines
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, RECORDS_FILE, file_digest

PLAYS_INPUT = "plays.jsonl"
"""In `inputs/`: one line per match, in the order of the run that is judged again (docs/run-directory.md)."""

_PLAYERS_RULES = ("prompt_version", "prompts_sha256")
"""Of a family's rules those that say what players were told: they stay what they were when the matches were played."""


def play_digest(record: Mapping[str, Json]) -> str:
    """Return the SHA-256 of what was played: key, seed, values, transcript, usage."""
    played = [record[name] for name in ("key", "seed", "instance", "transcript", "usage")]
    return hashlib.sha256(b"arena-play/1\0" + encode_line(played)).hexdigest()


def read_plays(run: FinishedRun) -> list[dict[str, Json]]:
    """Return a line of plays.jsonl for each record of a run. Errors: DataError for a record of another shape."""
    rows = []
    for number, record in enumerate(run.records(), 1):
        try:
            scored = record["status"] == "done" and record["unscored"] is None
            rows.append(
                {
                    "key": record["key"],
                    "seed": record["seed"],
                    "stop": record["stop"],
                    "detail": record["detail"],
                    "gates": [gate for gate in record["gates"] if gate["seat"] != JUDGE_SEAT],
                    "scores": record["scores"] if scored else None,
                    "outcome": record["outcome"],
                    "sha256": play_digest(record),
                }
            )
        except (KeyError, TypeError) as error:
            place = Issue(str(run.path / RECORDS_FILE), f"line {number}", f"lacks or spoils a field: {error!r}")
            raise DataError([place]) from None
    return rows


def source_of(run: FinishedRun) -> Source:
    """Return what a run that judges `run` again needs of it. Errors: as of `read_plays`, DataError for its manifest."""
    rows = read_plays(run)
    identity = run.identity
    try:
        told = {
            "identity_sha256": identity["sha256"],
            "judge": identity["models"]["judge"],
            "calculator": identity["calculator"],
            "plays_sha256": hashlib.sha256(_lines(rows)).hexdigest(),
        }
    except (KeyError, TypeError) as error:
        raise DataError([Issue(str(run.path / MANIFEST_FILE), "/identity", f"lacks a field: {error!r}")]) from None
    return Source(run.path, told, tuple(rows))


def _lines(rows: Iterable[Mapping[str, Json]]) -> bytes:
    return b"".join(encode_line(row) for row in rows)


def build(config: Config, tools: str | None) -> Rejudged:
    """Return the family that judges `config.source` again; `tools` is what its players were shown.

    Errors: ConfigError, DataError where that run cannot be judged by this version or with these settings.
    """
    source: Source = config.source_run
    run = FinishedRun(source.path)
    if config.judge_tools and tools is None:
        raise ConfigError("--judge-tools: the run was played without the calculator, so there is nothing to recompute")
    rules = dict(run.identity["rules"])
    if config.outcome_rule is not None and config.source["outcome_rule"] != "default":
        rules["outcome_rule"] = load_rule(Path(config.outcome_rule)).to_json()
    labels = panel(config).labels
    judges = {"panel": labels} if len(labels) > 1 else {}
    models = {name: value for name, value in run.identity["models"].items() if name != "panel"}
    wanted = {name: value for name, value in run.identity.items() if name != "source"}
    wanted |= {"settings": config.identity(), "models": {**models, **judges}, "rules": rules}
    family = Rejudged(family_of_run(run.path, wanted), source, rules)
    family.check(run)
    return family


def of_run(run_dir: Path, identity: Mapping[str, Json], family: Family) -> Rejudged:
    """Return the family of a run that judged again, out of its own directory. Errors: DataError for plays.jsonl."""
    path = run_dir / INPUTS_DIR / PLAYS_INPUT
    rows = tuple(parse_line(path, number, raw) for number, (_, raw) in enumerate(read_lines(path), 1))
    told = identity["source"]
    if file_digest(path) != told["plays_sha256"]:
        raise DataError([Issue(str(path), "", "is not what the identity names (source.plays_sha256)")])
    return Rejudged(family, Source(run_dir, told, rows), identity["rules"])


class Rejudged:
    """A family whose matches are played already; see the module. All that is not about playing is the family's own."""

    def __init__(self, family: Family, source: Source, rules: Mapping[str, Json]) -> None:
        """`source.path` is a run whose records hold the transcripts; `rules` those of the run's identity."""
        self._family, self._source = family, source
        self._rules = {name: rules[name] for name in _PLAYERS_RULES if name in rules}
        self._rows = {row["key"]: row for row in source.plays}
        self._records = _Records(source.path / RECORDS_FILE)
        self.name, self.unit_noun = family.name, family.unit_noun
        self.dimensions, self.outcomes, self.labels = family.dimensions, family.outcomes, family.labels
        self.warnings: list[str] = list(family.warnings)
        statuses = {key: STATUS_OF_STOP[row["stop"]] for key, row in self._rows.items()}
        self.settled: Mapping[str, str] = {key: status for key, status in statuses.items() if status != "done"}

    def check(self, run: FinishedRun) -> None:
        """Check that this version plans the matches as `run` did, and say what the user should know.

        Errors: DataError naming the first record that it would plan otherwise.
        """
        seeds = {trial.key: trial.seed for trial in self._family.trials()}
        for row in self._source.plays:
            if seeds.get(row["key"]) != row["seed"]:
                message = f"{row['key']}: this version plans no such match with this seed"
                raise DataError([Issue(str(run.path / RECORDS_FILE), "", message)])
        missing = len(seeds) - len(self._rows)
        if missing:
            self.warnings.append(f"{missing} planned matches of {run.name} were not played, so they are not judged")
        if self.settled:
            self.warnings.append(f"{_counted(self.settled)} in {run.name}: kept as they are, not judged")
        now, then = self._family.describe(), run.identity["rules"]
        if any(then.get(name) != now.get(name) for name in _PLAYERS_RULES):
            self.warnings.append("role views will show the system prompts of this version, not those of the matches")
        if then.get("rubric") != now.get("rubric"):
            self.warnings.append(f"{run.name} was judged by another rubric: {then.get('rubric')}")

    def trials(self) -> Iterator[Trial]:
        return (trial for trial in self._family.trials() if trial.key in self._rows)

    def play(self, trial: Trial, services: Services, past: Sequence[dict[str, Json]]) -> Transcript:
        row, record = self._rows[trial.key], self._records.get(trial.key)
        if record is None or play_digest(record) != row["sha256"]:
            why = "is not there" if record is None else "was changed"
            return Transcript(stop="journal", detail=f"the match as it was played {why} in {RECORDS_FILE}")
        return Transcript(
            entries=record["transcript"],
            stop=row["stop"],
            detail=row["detail"],
            instance=record["instance"],
            usage=record["usage"],
            gates=row["gates"],
        )

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        return self._family.score(trial, transcript, services)

    def ledger(self, record: dict[str, Json]) -> dict[str, Json]:
        return self._family.ledger(record)

    def write_bundle(self, run_dir: Path, record: dict[str, Json]) -> None:
        self._family.write_bundle(run_dir, record)

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        before = {key: row if row["scores"] is not None else None for key, row in self._rows.items()}
        tally = Tally(self.dimensions, self.outcomes, self._source.identity["judge"], before)
        return [*self._family.exports(run_dir), AgreementReport(run_dir, tally)]

    def describe(self) -> dict[str, Json]:
        return {**self._family.describe(), **self._rules}

    def unit_name(self, unit: str) -> str:
        return self._family.unit_name(unit)

    def inputs(self) -> dict[str, bytes]:
        return {**self._family.inputs(), PLAYS_INPUT: _lines(self._source.plays)}

    def longest_prompt(self) -> int:
        return 0

    def longest_judge_prompt(self) -> int:
        """Return the characters of the longest question that there is, transcript included."""
        longest = _LongestQuestion()
        for trial in self.trials():
            if trial.key not in self.settled:
                try:
                    self.score(trial, self.play(trial, longest, ()), longest)
                except ServiceFault:
                    continue
        return longest.chars


def _counted(settled: Mapping[str, str]) -> str:
    statuses = list(settled.values())
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))


class _LongestQuestion:
    """Services that measure what a judge would be asked, and answer nothing."""

    has_tools = True

    def __init__(self) -> None:
        self.chars = 0

    def judge(self, turn: int, step: int, conversation: Conversation) -> ModelReply:
        self.chars = max(self.chars, conversation.chars)
        raise ServiceFault("judge", "only measured")

    def ask(self, seat: str, turn: int, step: int, conversation: Conversation) -> ModelReply:
        raise ServiceFault("provider", "only measured")

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> Json:
        raise ServiceFault("calculator", "only measured")


class _Records:
    """The newest record of each trial in matches.jsonl, read when it is asked for; threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._offsets: dict[str, int] | None = None

    def get(self, key: str) -> dict[str, Json] | None:
        with self._lock:
            if self._offsets is None:
                lines = enumerate(read_lines(self._path), 1)
                self._offsets = {parse_line(self._path, n, raw)["key"]: offset for n, (offset, raw) in lines}
        if key not in self._offsets:
            return None
        with reading(self._path) as file:
            file.seek(self._offsets[key])
            return parse_line(self._path, 0, file.readline())
