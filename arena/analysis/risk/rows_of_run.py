"""Writes the rows of a run of the arena from its directory, and its description (the head of run.json)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from arena.analysis.risk.rows_file import LONGEST_ROW, ROWS_FILE, row_problem
from arena.analysis.risk.tally import RiskTally, joined
from arena.analysis.risk.unplayed import Unplayed, limits_of, reason, stopped_by
from arena.engine.request import Opening
from arena.engine.runner import When
from arena.families.risk.family import RiskFamily
from arena.families.risk.risk_facts import RiskFacts, ending_of
from arena.families.risk.rows import Beside, row_of, unplayed_row
from arena.policy.evaluator import Evaluator
from arena.providers import anthropic, chat, openai
from arena.records import Json, Record, Trial
from arena.settings.model_refs import split_model
from arena.settings.prices import FREE, Price
from arena.settings.table import PROVIDERS
from arena.store.files import AtomicFile, reading
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, encode_line, parse_line, read_lines
from arena.store.rundir import SUMMARY_FILE, TIMINGS_FILE

LIMITS = ("max_calls", "max_trials", "max_total_tokens", "max_prompt_tokens", "max_completion_tokens", "max_cost_usd")
ENDPOINTS = {**chat.ENDPOINTS, **openai.ENDPOINTS, **anthropic.ENDPOINTS}

_CALL = re.compile(rb'\{"kind":"[a-z]+","trial":"((?:[^"\\]|\\.)*)".*"unix":([0-9]+(?:\.[0-9]+)?)', re.DOTALL)
_LIMIT = re.compile(r"budget: (\w+) would reach")


@dataclass(frozen=True, slots=True)
class Clock:
    """When trials were played: key -> seconds that the trial took, and Unix time of its last call."""

    seconds: Mapping[str, float]
    last_call: Mapping[str, float]

    @classmethod
    def of(cls, run_dir: Path) -> Clock:
        """Read timings.jsonl and the journal; a trial that is in neither has no clock values. Errors: DataError."""
        seconds: dict[str, float] = {}
        timings, journal = run_dir / TIMINGS_FILE, run_dir / JOURNAL_FILE
        if timings.is_file():
            for number, (_, line) in enumerate(read_lines(timings), 1):
                timing = parse_line(timings, number, line)
                seconds[str(timing["key"])] = float(timing["seconds"])
        last: dict[str, float] = {}
        if journal.is_file():
            with reading(journal) as file:
                for line in file:
                    found = _CALL.match(line)
                    if found is not None:
                        last[found[1].decode()] = float(found[2])
        return cls(seconds, last)


def utc(unix: float | None) -> str | None:
    """Return a Unix time as UTC text."""
    return None if unix is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))


class RowWriter:
    """Writes the rows of a run into <experiment>/rows.jsonl: one for each trial of the plan, played or not.

    It takes the records in plan order (engine/request.py, Taking), and counts what it writes.
    """

    def __init__(self, opening: Opening, evaluator: Evaluator | None = None) -> None:
        """`evaluator`: rules by which replies are judged instead of the run's own. Errors: OSError."""
        family = opening.family
        assert isinstance(family, RiskFamily)
        self.family = family
        self._again = evaluator is not None
        if evaluator is not None:
            family.setup = replace(family.setup, evaluator=evaluator)
        (facts,) = family.facts()
        assert isinstance(facts, RiskFacts)
        self._unplayed: Unplayed | None = None
        self._facts = facts
        self._run_dir, self._name = opening.run_dir, opening.run_dir.resolve().name
        self._prices: dict[str, Price | None] = {
            label: Price(row["prompt"], row["completion"]) for label, row in opening.prices.items()
        }
        self._why = ""
        """Why trials of the last session without a record were not played."""
        self._plan = iter(family.trials())
        self._files: dict[str, AtomicFile] = {}
        self._tallies: dict[str, RiskTally] | None = {name: RiskTally() for name in family.setup.experiments}
        """Experiment -> counts of its rows; None if a row would not be counted when it is read."""
        self.limit_hit: str | None = None
        """The limit that stopped a trial, from its record; known after the rows are written."""
        self.complete = False
        """Whether all rows are written."""
        for name in family.setup.experiments:
            self._files[name] = AtomicFile(self._run_dir / name / ROWS_FILE, self._run_dir)

    def add(self, record: Record, when: When | None = None) -> None:
        """Write the row of a record, and of the trials before it that were not played."""
        self._unplayed_before(record.key)
        if when is None:
            seconds, last = self._clock.seconds.get(record.key), self._clock.last_call.get(record.key)
        else:
            seconds, last = when
        self._write(self._played(record, seconds, last))

    def ended(self, stopped_by: str | None) -> None:
        """Note how the run ended, as in the manifest."""
        self._why = reason(stopped_by)

    def close(self) -> None:
        """Write the rows of the other trials, and complete the files. Errors: OSError."""
        self._unplayed_before(None)
        for file in self._files.values():
            file.close()
        self.complete = True

    def discard(self) -> None:
        """Leave no unfinished file; after `close` this does nothing."""
        for file in self._files.values():
            file.discard()

    def tally(self, experiments: Sequence[str]) -> RiskTally | None:
        """Return the counts of the rows of these experiments, as `results.counted` reads them; None if only reading
        gives them."""
        found = self._tallies
        known = found is not None and self.complete and found.keys() == set(experiments)
        return joined([found[name] for name in experiments]) if found is not None and known else None

    @cached_property
    def _clock(self) -> Clock:
        return Clock.of(self._run_dir)

    def _unplayed_before(self, key: str | None) -> None:
        for trial in self._plan:
            if trial.key == key:
                return
            self._write(unplayed_row(trial, self._reason(trial), self._beside(trial, 1)))

    def _write(self, row: dict[str, Json]) -> None:
        line, exp = encode_line(row), row["exp"]
        self._files[exp].write(line)
        if self._tallies is not None:
            if len(line) > LONGEST_ROW or row_problem(row):
                self._tallies = None
            else:
                self._tallies[exp].add(row)

    def _beside(self, trial: Trial, turns: int) -> Beside:
        return replace(self.family.beside(trial, turns), run_id=self._name)

    def _played(self, record: Record, seconds: float | None, last_call: float | None) -> dict[str, Json]:
        trial = record.trial
        if record.status == "limit" and self.limit_hit is None:
            found = _LIMIT.match(record.transcript.detail)
            self.limit_hit = found[1] if found else None
        entries = record.transcript.entries
        turns = 1 + max([entry.turn for entry in entries]) if entries else 1
        of_trial = self.family.beside(trial, turns)
        beside = Beside(
            self._name,
            of_trial.exp,
            of_trial.prompt,
            None if seconds is None else round(seconds * 1000, 3),
            utc(last_call),
            self._cost(record),
        )
        return row_of(record, self._assessment(record), beside)

    def _assessment(self, record: Record) -> Mapping[str, Json]:
        stored = self._facts.read(record)
        if not self._again:
            return stored
        fresh = self.family.assessed(record.trial, record.transcript, ending_of(record)).to_json()
        return {**fresh, "failed_by_gate": stored.get("failed_by_gate", False)}

    def _reason(self, trial: Trial) -> str:
        if self._unplayed is None:
            self._unplayed = Unplayed(self._run_dir)
        return self._unplayed.why(trial, self._why)

    def _cost(self, record: Record) -> float | None:
        """Return the cost of a trial; 0 for free models, None if no price is known."""
        price = self._price(record.trial.cell["model"])
        if price is None:
            return None
        used = record.transcript.usage.values()
        return round(sum([price.cost(one.prompt_tokens, one.completion_tokens) for one in used]), 8)

    def _price(self, label: str) -> Price | None:
        if label not in self._prices:
            offline = PROVIDERS[split_model(None, label, "model")[0]].offline
            self._prices[label] = FREE if offline else None
        return self._prices[label]


class RowsOfSession:
    """Writes the rows while a session plays, or while it writes its own results: a Taker (engine/request.py)."""

    def __init__(self) -> None:
        self._writer: RowWriter | None = None

    def __call__(self, opening: Opening) -> RowWriter:
        self._writer = RowWriter(opening)
        return self._writer

    @property
    def written(self) -> RowWriter | None:
        """The writer of the rows; None until they are written."""
        return self._writer if self._writer is not None and self._writer.complete else None


class RunRows:
    """The rows of one finished run directory."""

    def __init__(self, run: FinishedRun, family: RiskFamily, evaluator: Evaluator | None = None) -> None:
        """`evaluator`: rules by which replies are judged instead of the run's own."""
        self.run = run
        self.family = family
        self._evaluator = evaluator
        self._written: RowWriter | None = None
        self.limit_hit: str | None = None
        """The limit that stopped the run, once its rows were written."""

    def _prices(self) -> Mapping[str, Json]:
        if not (self.run.path / SUMMARY_FILE).is_file():
            return {}
        found: Mapping[str, Json] = self.run.summary()["cost_usd"]["prices"]
        return found

    def _in_plan_order(self) -> Iterator[Record]:
        """Yield the records as the plan orders them; those of a run that did not end in the order of finishing."""
        records = self.run.records
        if records.shape.closed:
            return iter(records)
        return (record for _, record in records.chosen(trial.key for trial in self.family.trials()))

    def write(self, written: RowWriter | None = None) -> None:
        """Write <experiment>/rows.jsonl for each experiment. `written`: the writer, if the rows are already written."""
        if written is None:
            written = RowWriter(Opening(self.run.path, self.family, self._prices()), self._evaluator)
            try:
                written.ended(self.run.manifest.sessions[-1].stopped_by)
                for record in self._in_plan_order():
                    written.add(record)
                written.close()
            finally:
                written.discard()
        self._written, self.limit_hit = written, written.limit_hit

    def tally(self, experiments: Sequence[str]) -> RiskTally | None:
        """Return the counts of the written rows of these experiments; None if only reading gives them."""
        return None if self._written is None else self._written.tally(experiments)

    def head(self) -> dict[str, Json]:
        """Return the description of the run, for run.json; call it after `write`, which determines what stopped it."""
        manifest = self.run.manifest
        last = manifest.sessions[-1]
        run = str(self.run.path)
        stop = stopped_by(manifest, run)
        stopped = stop == "budget"
        return {
            **plan_head(self.family, self.run.name, manifest.identity.settings, manifest.identity.policy),
            "generated_at": last.ended_utc,
            "started": manifest.sessions[0].started_utc,
            "finished": last.ended_utc,
            "git": {"sha": manifest.git.commit, "dirty": manifest.git.dirty},
            "dry_run": False,
            "limits": limits_of(manifest, run, LIMITS),
            "budget": {
                "stopped_early": stopped,
                "budget_hit": f"max_{self.limit_hit or 'trials'}" if stopped else "none",
            },
            "stopped_by": stop,
            "identity_sha256": manifest.identity.sha256,
        }


def plan_head(
    family: RiskFamily, run_id: str, settings: Mapping[str, Any], policy: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the plan: slices, models, seeds, policy, evaluator, routing, and the model behind REAL."""
    setup = family.setup
    return {
        "results_schema": "1",
        "summary_schema": "1",
        "run_id": run_id,
        "mode": settings["mode"],
        "experiments": list(setup.experiments),
        "slices": [one.id for one in setup.slices],
        "model": ", ".join(setup.models),
        "models": list(setup.models),
        "defences": list(setup.defences),
        "trials": setup.trials,
        "seed": setup.seeds[0],
        "seeds": list(setup.seeds),
        "temperature": settings.get("temperature"),
        "policy": {name: one.to_json() for name, one in setup.routes.items()},
        "real": real_of(setup.models) if settings["mode"] == "REAL" else None,
        "gates": gates_head(settings, policy),
        "policy_id": policy.get("sha256") and f"{policy['name']}:{policy['sha256'][:16]}",
        "evaluator": {
            "config_path": settings["evaluator"],
            "name": setup.evaluator.name,
            "version": setup.evaluator.version,
            "sha256": setup.evaluator.digest,
            "rules_total": len(setup.evaluator.rules),
            "active_rule_ids": setup.evaluator.rule_ids,
        },
    }


def gates_head(settings: Mapping[str, Any], policy: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the policy for run.json; None for a run without one."""
    if "sha256" not in policy:
        return None
    return {
        "config_path": settings["gates"],
        "name": policy["name"],
        "sha256": policy["sha256"],
        "mode": policy["mode"],
        "mode_source": policy["mode_source"],
        "enforced": policy["enforced"],
        "active_rule_ids": list(policy["rules"]),
    }


def real_of(models: tuple[str, ...]) -> dict[str, Json]:
    """Return provider, model and key variable of the model in REAL; `others`: of further models."""
    found: list[dict[str, Json]] = []
    for label in models:
        provider, model = split_model(None, label, "model")
        endpoint = ENDPOINTS.get(provider)
        variable = None if endpoint is None else endpoint.key_variable
        found.append({"provider": provider, "model": model, "api_key_env": variable})
    return {**found[0], "others": found[1:]}
