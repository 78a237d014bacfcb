"""Write the result files of a run from its records, each whole or not at all. Equal records give equal bytes.

All of them can be deleted and written again. With several pairs of models each pair has a folder of its own below
`pairings/`, laid out as the folder of a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from arena.errors import ConfigError
from arena.families.cheaptalk.episode_of_record import detail_of, episode_of
from arena.families.cheaptalk.experiments.experiment import Output
from arena.families.cheaptalk.findings.as_json import findings_json
from arena.families.cheaptalk.findings.facts import Read
from arena.families.cheaptalk.findings.run import Rules, Statistician
from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.outputs.across_seeds import PARTS, SUMMARY_FILE, from_objects
from arena.families.cheaptalk.outputs.collected import (
    FIRST,
    FOURTH,
    MILESTONES,
    NO_MILESTONE,
    SECOND,
    THIRD,
    Collected,
    by_protocol,
    episodes_of,
    pairing_folder,
)
from arena.families.cheaptalk.outputs.lines import episode_line
from arena.families.cheaptalk.outputs.milestones import comparison, first_summary, progression, suite, with_others
from arena.families.cheaptalk.outputs.paper import LATEX_FILE, MARKDOWN_FILE, as_latex, as_markdown, paper_tables
from arena.families.cheaptalk.payoff import PayoffConfig
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.families.cheaptalk.reputation_table import Step, reputation_table
from arena.formats.json_types import Json
from arena.records import Record
from arena.store.bundles import Bundle
from arena.store.files import AtomicFile, write_atomic
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json

REPUTATION_FILE = "reputation.db"
TRAJECTORIES_FILE = f"{FOURTH}/reputation_trajectories.json"
PROGRESSION_FILE = f"{FOURTH}/progression_analysis.json"

Pairing = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ResultRules:
    """The inputs of a run's results besides its records.

    Raises ConfigError for a place of `output` that is not inside the run.
    """

    statistics: Rules
    payoff: PayoffConfig = field(default_factory=PayoffConfig)
    reputation: ReputationConfig = field(default_factory=ReputationConfig)
    output: Output = field(default_factory=Output)

    def __post_init__(self) -> None:
        for key in ("path", "summary_path", "results_dir"):
            place = getattr(self.output, key)
            parts = PurePosixPath(place).parts
            if place and (PurePosixPath(place).is_absolute() or ".." in parts or not parts):
                raise ConfigError(f"output/{key} is {place!r}: give a path inside the run, such as milestone2")


class ResultFiles:
    """Writes the result files of one run (contract.Exporter): episodes as they come, the rest at `close`."""

    def __init__(
        self, run_dir: Path, rules: ResultRules, statistician: Statistician | None = None, read: Read = episode_of
    ) -> None:
        self.written: list[str] = []
        self._read = read
        self._run_dir, self._rules = run_dir, rules
        self._statistician = statistician or Statistician(rules.statistics)
        self._collected = Collected()
        self._streams: dict[str, AtomicFile] = {}

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        """Add one record; a record without a score is in no result file."""
        detail, episode = detail_of(record), self._read(record)
        if detail is None or episode is None:
            return
        self._collected.add(record, detail, episode)
        if self._rules.output.save_episodes:
            line = encode_line(episode_line(record, detail))
            for milestone in detail.condition.milestones:
                self._stream(self._episode_file(milestone, detail.condition.protocol)).write(line)

    def close(self) -> None:
        """Finish the files: they appear under their names here, whole."""
        for name, stream in self._streams.items():
            stream.close()
            self.written.append(name)
        self._streams.clear()
        pairings = self._collected.pairings()
        for pairing in pairings:
            self._write_pairing(pairing, pairing_folder(pairing, len(pairings) > 1))
        if self._collected.steps:
            data = reputation_table(self._collected.steps, self._rules.reputation)
            self._write(REPUTATION_FILE, data)
            if self._rules.output.save_reputation_trajectories:
                self._write_json(TRAJECTORIES_FILE, trajectories(self._collected.steps))
        self.written.sort()

    def discard(self) -> None:
        """Leave no half-written file behind."""
        for stream in self._streams.values():
            stream.discard()
        self._streams.clear()

    def _stream(self, name: str) -> AtomicFile:
        if name not in self._streams:
            self._streams[name] = AtomicFile(self._run_dir / name, self._run_dir)
        return self._streams[name]

    def _write(self, name: str, data: bytes) -> None:
        write_atomic(self._run_dir / name, data, self._run_dir)
        self.written.append(name)

    def _write_json(self, name: str, value: Json) -> None:
        self._write(name, pretty_json(value))

    def _folder(self, milestone: str) -> str:
        return self._rules.output.results_dir.strip("/") or milestone

    def _episode_file(self, milestone: str, protocol: str) -> str:
        if milestone == FIRST:
            return self._rules.output.path or f"{FIRST}.jsonl"
        return f"{self._folder(milestone)}/{f'{protocol}_' if milestone == FOURTH else ''}episodes.jsonl"

    def _write_pairing(self, pairing: Pairing, folder: str) -> None:
        found, output = self._collected, self._rules.output
        first = by_protocol(episodes_of(found.of(FIRST, pairing)), self._rules.statistics.protocols)
        if first and output.save_summary:
            self._write_json(
                folder + (output.summary_path or f"{FIRST}_summary.json"), with_others(first, first_summary)
            )
        seeds = found.seeds()
        parts: dict[str, dict[int, Json]] = {}
        for milestone in MILESTONES[1:]:
            for seed in seeds:
                value = self._result(milestone, pairing, seed)
                if value is not None:
                    parts.setdefault(milestone, {})[seed] = value
            self._write_milestone(milestone, pairing, folder, parts.get(milestone, {}))
        if parts and output.save_comparison_table:
            summary = from_objects(seeds, parts)
            if len(seeds) > 1:
                self._write_json(folder + SUMMARY_FILE, summary)
            tables = paper_tables(summary)
            self._write(folder + MARKDOWN_FILE, as_markdown(tables))
            self._write(folder + LATEX_FILE, as_latex(tables))

    def _write_milestone(self, milestone: str, pairing: Pairing, folder: str, by_seed: Mapping[int, Json]) -> None:
        """Write the result of a milestone over all seeds together, and of each seed."""
        if not by_seed or not self._rules.output.save_summary:
            return
        inner = folder + self._folder(milestone)
        for seed, value in by_seed.items():
            self._write_json(f"{inner}/{PARTS[milestone].partition('/')[2].format(seed=seed)}", value)
        whole = self._result(milestone, pairing, None) if len(by_seed) > 1 else next(iter(by_seed.values()))
        self._write_json(f"{inner}/{RESULT_FILES[milestone]}", whole)
        if milestone == FOURTH and self._rules.output.save_progression_analysis:
            episodes = episodes_of(self._collected.of(FOURTH, pairing))
            self._write_json(f"{folder}{PROGRESSION_FILE}", self._progression(episodes))

    def _result(self, milestone: str, pairing: Pairing, seed: int | None) -> Json:
        """Return the result object of one milestone; None if it was not played."""
        played = self._collected.of(milestone, pairing, seed)
        if not played:
            return None
        if milestone == THIRD:
            return comparison(played, self._collected.budget)
        groups = by_protocol(episodes_of(played), self._rules.statistics.protocols)
        if not groups:
            return None
        controls = episodes_of(self._collected.of(NO_MILESTONE, pairing, seed))
        if milestone == SECOND:
            return with_others(groups, lambda one: suite(one, self._statistician, self._rules.payoff, controls))
        return progression(groups, self._statistician, self._rules.payoff, controls)

    def _progression(self, episodes: Sequence[Episode]) -> Json:
        found = findings_json(self._statistician.findings(episodes))
        costs = {name: cell["cost_of_protocol"] for name, cell in found["cells"].items()}
        return {"order": found["order"], "cost_of_protocol": costs, "claims": found["claims"]}


RESULT_FILES: Mapping[str, str] = {
    SECOND: "deviation_suite_results.json",
    THIRD: "baseline_comparison.json",
    FOURTH: "protocol_comparison.json",
}
"""Milestone -> the file of its result object, in its folder."""


def trajectories(steps: Iterable[Step]) -> dict[str, list[Json]]:
    """Return agent -> its reputation step by step."""
    found: dict[str, list[Json]] = {}
    for step in steps:
        update = step.update
        found.setdefault(step.agent_id, []).append(
            {
                "task_id": step.metadata.get("task_id"),
                "rep_before": update.before.score,
                "rep_after": update.after.score,
                "passed": update.passed,
                "slashed": update.slashed,
                "redeemed": update.redeemed,
            }
        )
    return found


def write_outputs(records: Iterable[Record], run_dir: Path, rules: ResultRules) -> list[str]:
    """Write every result file of a run below its folder and return their names, sorted. Raises OSError."""
    files = ResultFiles(run_dir, rules)
    try:
        for record in records:
            files.add(record)
        files.close()
    finally:
        files.discard()
    return files.written
