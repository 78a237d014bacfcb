"""A run as a Hugging Face data set folder: data/*.jsonl and a README.md that declares them.

Two tables, `matches` and `turns`, written line by line: memory does not depend on the number of matches. Every value is
a text, a number, true, false or null, and every column has one type, which the README declares, so that no reader has
to guess (docs/leaderboard.md lists the columns). JSON of any shape is in columns `*_json`, always as an object.
Format: Hugging Face Hub documentation, "Dataset cards" and "Data files configuration".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from arena import __version__
from arena.analysis.exports.canary import canary_of
from arena.engine.finished import report_parts
from arena.errors import DataError, Issue, UsageError
from arena.families.checked import CheckCounts
from arena.families.contract import FactGroup
from arena.families.verified import VerifiedCounts
from arena.formats.markdown import escape
from arena.records import EVERYBODY, Counters, Entry, ItemAnswer, Json, Record
from arena.store.files import AtomicFile, write_atomic
from arena.store.finished_run import FinishedRun
from arena.store.journal import encode_line
from arena.store.rundir import SUMMARY_FILE

README = "README.md"
DATA = "data"
DEFAULT_LICENCE = "mit"
TEXT, INT, FLOAT, BOOL = "string", "int64", "float64", "bool"
SPLIT = "test"
"""Name of the only split of each table: results of a benchmark are nothing to train on."""

_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_READ_AS_DATE = re.compile(r"timestamp.*|.*_at|.*_time|modified|date", re.IGNORECASE)
"""Column names whose values pandas.read_json turns into dates (pandas documentation, `convert_dates`)."""
_VERIFIED_TEXTS = ("verified_outcome", "verified_caps")
"""Columns of verified scores that are no numbers."""
_USAGE = ("calls", "prompt_tokens", "completion_tokens", "tool_calls", "tool_errors", "malformed")

Columns = dict[str, str]
"""Name -> type of a table's columns, in order."""


def export(run: FinishedRun, out: Path, licence: str = DEFAULT_LICENCE) -> dict[str, int]:
    """Write the folder and return table -> number of rows; `out` is new or empty.

    Errors: UsageError if `out` is neither, for a run without any match, and for a licence that is not an identifier of
    the Hub; DataError for a damaged run.
    """
    if not _LICENCE.fullmatch(licence):
        raise UsageError(f"--license {licence}: give an identifier of the Hub, such as mit or cc-by-4.0")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; give another --out")
    if not run.records.shape.matches:
        raise UsageError(f"{run.path} has no match yet: there is nothing to export")
    tables = _Tables(run)
    data = out / DATA
    data.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(tables.columns, 0)
    files = {name: AtomicFile(data / f"{name}.jsonl") for name in tables.columns}
    try:
        for record in run.records:
            for name, row in tables.rows(record):
                files[name].write(encode_line(row))
                counts[name] += 1
        for name, file in files.items():
            if counts[name]:
                file.close()
    finally:
        for file in files.values():
            file.discard()
    counts = {name: count for name, count in counts.items() if count}  # an empty file would be no table
    write_atomic(out / README, _readme(run, tables, counts, licence).encode("utf-8", "backslashreplace"))
    return counts


class _Tables:
    """The columns of both tables, and their rows. `columns`: table -> Columns."""

    def __init__(self, run: FinishedRun) -> None:
        summary, identity = run.summary(), run.manifest.identity
        self.canary = canary_of(run)[0]
        self.run = f"sha256:{identity.sha256}"
        self.players = str(identity.models.participant)
        self.judge = str(identity.models.judge)
        try:
            self.noun = str(summary["unit_noun"])
            self.dimensions = tuple(summary["mean_scores"])
            self.labels = tuple(summary["by"])
        except (KeyError, TypeError) as error:
            place = Issue(str(run.path / SUMMARY_FILE), "", f"is malformed: {error!r}")
            raise DataError([place]) from None
        head = {"canary": TEXT, "run": TEXT, "key": TEXT, f"{self.noun}_id": TEXT, "rep": INT, "attempt": INT}
        groups = report_parts(run).facts(self.dimensions, ())
        self.verified = [group for group in groups if isinstance(group, VerifiedCounts)]
        self.checks = [group for group in groups if isinstance(group, CheckCounts)]
        matches = {
            **head,
            "family": TEXT,
            "players": TEXT,
            "judge": TEXT,
            **{name: TEXT for name in self._label_columns(head)},
            "status": TEXT, "stop": TEXT, "detail": TEXT, "flags": TEXT, "outcome": TEXT, "unscored": TEXT,
            **dict.fromkeys(self.dimensions, FLOAT), "mean_score": FLOAT, "verdict": TEXT,
            **{name: TEXT if name in _VERIFIED_TEXTS else FLOAT for group in self.verified for name in group.columns},
            **{name: TEXT if name == "result_check" else INT for group in self.checks for name in group.columns},
            "turns": INT, **dict.fromkeys(_USAGE, INT), "instance_json": TEXT, "items_json": TEXT,
        }  # fmt: skip
        turns = {**head, "place": INT, "turn": INT, "seat": TEXT, "public": BOOL, "kind": TEXT, "text": TEXT,
                 "op": TEXT, "more_json": TEXT}  # fmt: skip
        self.columns: dict[str, Columns] = {"matches": matches, "turns": turns}
        if any(_READ_AS_DATE.fullmatch(name) for columns in self.columns.values() for name in columns):
            raise UsageError("a column has a name that data frames read as a date: rename the label or dimension")

    def _label_columns(self, taken: Mapping[str, str]) -> list[str]:
        return [f"label_{name}" for name in self.labels if f"label_{name}" not in taken]

    def rows(self, record: Record) -> Iterator[tuple[str, dict[str, Json]]]:
        """Yield (table, row) of one record."""
        trial = record.trial
        head = [self.canary, self.run, record.key, trial.unit, trial.plan.get("rep"), record.attempt]
        yield "matches", dict(zip(self.columns["matches"], [*head, *self._match(record)], strict=True))
        for place, entry in enumerate(record.transcript.entries):
            text = None if entry.kind == "call" else entry.text
            row = [*head, place, entry.turn, entry.seat, entry.to == EVERYBODY, entry.kind, text, entry.op or None,
                   _object(_more(entry))]  # fmt: skip
            yield "turns", dict(zip(self.columns["turns"], row, strict=True))

    def _match(self, record: Record) -> list[Json]:
        trial, transcript, score = record.trial, record.transcript, record.score
        values = [_float(score.values.get(name)) for name in self.dimensions]
        verified = [value if isinstance(value, str) else _float(value) for value in _cells(self.verified, record)]
        known = [value for value in values if value is not None]
        used = Counters()
        for counters in transcript.usage.values():
            used.add(counters)
        counts = used.counts()
        said = sum(1 for entry in transcript.entries if entry.kind == "say")
        return [
            trial.family, self.players, self.judge, *(trial.cell.get(name) for name in self.labels),
            record.status, record.stop, transcript.detail, record.stop if record.flagged else "", score.outcome,
            score.unscored, *values, round(sum(known) / len(known), 3) if known else None, score.verdict,
            *verified, *_cells(self.checks, record), said, *(counts[name] for name in _USAGE),
            _object(transcript.instance), _answers(score.judging.items),
        ]  # fmt: skip


def _cells(groups: Sequence[FactGroup], record: Record) -> list[Json]:
    """Return the cells of some fact groups for a record."""
    return [cell for group in groups for cell in group.cells(record)]


def _answers(items: Sequence[ItemAnswer]) -> str | None:
    """Return the judge's answers to the yes-or-no questions: question -> answer and turn; None without questions."""
    return _object({one.id: {"answer": one.answer, "turn": one.turn} for one in items}) if items else None


def _more(entry: Entry) -> dict[str, Json]:
    """Return the content of an entry besides the columns of its row."""
    found: dict[str, Json] = {"step": entry.step}
    if entry.done:
        found["done"] = {"result": entry.result}
    if entry.kind == "call":
        found |= {"id": entry.id, "index": entry.index, "args": entry.args, "answer": entry.answer}
    return {**found, "problem": entry.problem} if entry.problem else found


def _float(value: Json) -> float | None:
    return None if value is None else float(value)


def _object(value: Mapping[str, Json] | None) -> str | None:
    """Return a JSON object as text, None if it is empty: a text is never read as a number or a date."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None


def _readme(run: FinishedRun, tables: _Tables, counts: Mapping[str, int], licence: str) -> str:
    summary = run.summary()
    lines = ["---", f"license: {licence}", f"pretty_name: {_quoted(f'Arena run {tables.run[7:19]}')}"]
    lines += ["tags:", '- "benchmark-results"', "configs:"]
    for place, name in enumerate(counts):
        lines += [f"- config_name: {name}", *(["  default: true"] if place == 0 else []), "  data_files:",
                  f"  - split: {SPLIT}", f"    path: {DATA}/{name}.jsonl"]  # fmt: skip
    lines.append("dataset_info:")
    for name in counts:
        lines += [f"- config_name: {name}", "  features:"]
        for column, type_ in tables.columns[name].items():
            lines += [f"  - name: {_quoted(column)}", f"    dtype: {type_}"]
    lines += ["---", "", f"# Arena run {tables.run[7:19]}", "", f"Canary: `{tables.canary.replace('`', '')}`", ""]
    lines += ["Benchmark results, not for training: every row has the canary, so that they can be left out.", ""]
    lines += [f"- {escape(text)}" for text in _facts(run, summary, counts)]
    lines += [
        "",
        "Columns are described in docs/leaderboard.md of the arena. Agents' texts are as they wrote them.",
        "",
    ]
    return "\n".join(lines)


def _facts(run: FinishedRun, summary: Mapping[str, Json], counts: Mapping[str, int]) -> Sequence[str]:
    rules, statuses = summary["rules"], summary["statuses"]
    rubric, rule = rules.get("rubric", {}), rules.get("outcome_rule", {})
    version, scored_by = "", []
    if "benchmark_version" in rules:
        version = f"; challenge set: {rules['benchmark_version'] or 'without a version'}"
    if rubric or rule:
        names = (f"{one.get('name')} {one.get('version')}" for one in (rubric, rule))
        scored_by = ["rubric: {}; outcome rule: {}".format(*names)]
    trials = summary["trial_nouns"][1]
    beside = ", ".join(f"{statuses.get(name, 0)} {name}" for name in ("error", "aborted", "denied", "limit", "pending"))
    return (
        f"family: {summary['family']}{version}",
        f"players: {summary['models']['participant']}; judge: {summary['models']['judge']}; seed"
        f" {run.manifest.identity.settings['seed']}",
        *scored_by,
        f"arena {run.manifest.arena_version}, exported by {__version__}",
        f"rows: {', '.join(f'{count} {name}' for name, count in counts.items())}",
        f"{summary['scored']} {trials} have a score; without one: {beside}, {summary['unscored']} unscored,"
        f" {summary['n_not_played']} not played",
    )


def _quoted(text: str) -> str:
    """Return text in double quotes, as YAML reads it (JSON strings of ASCII are YAML 1.2, section 1.3)."""
    return json.dumps(text)
