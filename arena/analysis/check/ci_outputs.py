"""The result of a run, and of its thresholds, for a CI system: one record, from which JUnit XML, a GitHub step
summary and annotations are written.

The statuses follow docs/ci.md: a model's failure is `failure`, a fault of the arena or a service `error`, and a match
that was not to be judged (denied, a budget, no readable verdict, not played) `skipped`. Memory by the number of
matches, at most about 2 kB each. No clock value is in it, so equal runs give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.analysis.check.thresholds import FAIL, OK, WARN, CheckVerdict
from arena.errors import DataError, Issue
from arena.families.verified import verified_of
from arena.formats.tables import number, printable
from arena.records import PENDING, Json, Record
from arena.settings.places import DATA_ROOT
from arena.store.finished_run import FinishedRun
from arena.store.rundir import SUMMARY_FILE

PASSED, FAILURE, ERROR, SKIPPED = "passed", "failure", "error", "skipped"
KINDS = (PASSED, FAILURE, ERROR, SKIPPED)

SUITE_LABEL = "primitive_family"
"""Label of a cell that names the suite of a match; without it the benchmark family does."""

THRESHOLDS_SUITE = "thresholds"
PLAN_SUITE = "plan"

MAX_MESSAGE = 300
MAX_BODY = 800
"""Most characters of agents' and judges' texts per match; matches.jsonl has all of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One match, or one threshold. `type` is one word for why it did not pass; `message` one line; `body` more."""

    suite: str
    classname: str
    name: str
    kind: str
    type: str = ""
    message: str = ""
    body: str = ""
    line: int | None = None
    """Line in the file of thresholds."""


@dataclass(slots=True)
class CiRecord:
    """All that the outputs show. `facts`: (name, value) pairs; `tables`: (title, header, rows)."""

    title: str
    cases: list[Case] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[tuple[str, list[str], list[list[str]]]] = field(default_factory=list)
    thresholds_file: str | None = None
    overall: str | None = None
    """OK, WARN or FAIL if thresholds were checked."""

    def counts(self) -> dict[str, int]:
        """Return kind -> number of cases."""
        return {kind: sum(case.kind == kind for case in self.cases) for kind in KINDS}

    def suites(self) -> dict[str, list[Case]]:
        """Return suite -> its cases, sorted by name; thresholds and plan last."""
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            found.setdefault(case.suite, []).append(case)
        last = (PLAN_SUITE, THRESHOLDS_SUITE)
        return {name: found[name] for name in sorted(found, key=lambda n: (last.index(n) if n in last else -1, n))}


def clip(text: str, limit: int) -> str:
    """Return a text without control characters, cut (and marked) if it is longer than `limit`."""
    shown = printable(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 4].rstrip() + " ..."


def match_case(record: Record, best: str) -> Case:
    """Return the case of one record; `best` is the outcome that counts as a success."""
    family = record.trial.family
    suite = record.trial.cell.get(SUITE_LABEL, family)
    name = record.key.partition("/")[2] or record.key
    kind, type_, message = _kind(record, best)
    body = ""
    if kind == FAILURE:
        body = "\n".join(_grades(record)) + "\n" + clip(record.score.verdict or "", MAX_BODY)
    return Case(clip(suite, 100), clip(f"{family}.{suite}", 200), clip(name, 200), kind, type_,
                clip(message, MAX_MESSAGE), body.strip())  # fmt: skip


def _kind(record: Record, best: str) -> tuple[str, str, str]:
    """Return kind, type and message of a record; design: every status and every outcome has a row here."""
    status, stop, outcome = record.status, str(record.stop), record.score.outcome
    detail, unscored = record.transcript.detail, record.score.unscored
    said = f"{stop}: {detail}" if detail else stop
    if status == "error":
        return ERROR, stop, said
    if status == PENDING:
        return SKIPPED, status, unscored or status
    if status in ("denied", "limit"):
        return SKIPPED, status, said
    if status == "aborted":
        return FAILURE, status, said
    if unscored is not None or outcome is None:
        return SKIPPED, "unscored", f"unscored: {unscored or stop}"
    if outcome == best:
        return PASSED, "", ""
    return FAILURE, outcome, f"{outcome} ({stop})"


def _grades(record: Record) -> Iterator[str]:
    verified = verified_of(record)
    for name, value in record.score.values.items():
        capped = None if verified is None else verified.scores.get(name)
        beside = f" (verified {capped})" if capped is not None and capped != value else ""
        yield f"{name}: {'-' if value is None else value}{beside}"


def ci_record(run: FinishedRun, verdict: CheckVerdict | None = None, strict: bool = False) -> CiRecord:
    """Return the record of a finished run, with the findings of its thresholds if they were checked; with `strict`
    a warning is a failure.

    Errors: DataError if summary or records cannot be read.
    """
    summary = run.summary()
    try:
        out = CiRecord(f"arena {summary['family']} {str(summary['identity_sha256'])[:12]}")
        best = next(iter(summary["outcomes"]), "")
        out.cases = [match_case(record, best) for record in run.records]
        out.facts = _facts(summary)
        out.tables = [_dimensions(summary), _by_suite(out)]
        missing = summary["n_not_played"]
        family = str(summary["family"])
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError([Issue(str(run.path / SUMMARY_FILE), "", f"is malformed: {error!r}")]) from None
    if missing:
        message = f"{missing} of {summary['n_planned']} planned matches were not played"
        out.cases.append(
            Case(PLAN_SUITE, f"{family}.{PLAN_SUITE}", "all matches played", SKIPPED, "not_played", message)
        )
    if verdict is not None:
        out.overall = verdict.overall
        out.thresholds_file = shown_path(verdict.rules.file)
        out.cases += _threshold_cases(verdict, family, strict)
    return out


def shown_path(file: str) -> str:
    """Return a path for reports: relative to the working directory or the data root if it is below one, else the bare
    name."""
    path = Path(file).resolve()
    for root in (Path.cwd(), DATA_ROOT):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def failed_record(identity: str, message: str) -> CiRecord:
    """Return the record of a run that ended before it had a summary: one error with the reason."""
    case = Case(PLAN_SUITE, f"arena.{PLAN_SUITE}", "the run ended", ERROR, "run", clip(message, MAX_MESSAGE))
    return CiRecord(f"arena run {identity[:12]}", [case])


def _threshold_cases(verdict: CheckVerdict, family: str, strict: bool) -> Iterator[Case]:
    seen: dict[str, int] = {}
    for finding in verdict.findings:
        rule = finding.rule
        name = clip(f"{finding.measure.name} {rule.op}", 200)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = f"{name} ({seen[name]})"
        kind = {OK: PASSED, WARN: FAILURE if strict else PASSED, FAIL: FAILURE}[finding.level]
        told = f" ({rule.reason})" if rule.reason and finding.level != OK else ""
        why = clip(f"{finding.level}: {finding.why}{told}", MAX_MESSAGE)
        type_ = "" if finding.level == OK else finding.level
        yield Case(THRESHOLDS_SUITE, f"{family}.{THRESHOLDS_SUITE}", name, kind, type_, why, "", rule.line)


def _facts(summary: Mapping[str, Json]) -> list[tuple[str, str]]:
    models, usage, cost = summary["models"], summary["usage"], summary["cost_usd"]
    rate, verified = summary["success_rate"], summary.get("verified")
    played = [("players", str(models["participant"]))]
    played += [(f"player of {role}", str(label)) for role, label in models["roles"].items()]
    unpriced = f" (without {', '.join(cost['unpriced'])})" if cost["unpriced"] else ""
    facts = [
        *played,
        ("judge", str(models["judge"])),
        ("matches", f"{summary['n_matches']} of {summary['n_planned']}"),
        ("success rate", "-" if rate is None else f"{rate:.1%}"),
        ("outcomes", ", ".join(f"{count} {name}" for name, count in summary["outcomes"].items())),
        ("no score", ", ".join(f"{count} {name}" for name, count in left_out(summary).items())),
        ("calls", str(usage["players"]["calls"] + usage["judge"]["calls"])),
        ("cost", f"${cost['usd']:,.4f}{unpriced}"),
    ]
    if verified is not None:
        share = verified["success_rate"]
        facts.insert(-4, ("success rate, verified", "-" if share is None else f"{share:.1%}"))
    return [(clip(name, 100), clip(text, MAX_MESSAGE)) for name, text in facts]


def left_out(summary: Mapping[str, Json]) -> dict[str, int]:
    """Return why matches are in no mean -> how many; every reason is listed, also with 0."""
    statuses = summary["statuses"]
    found = {name: int(statuses.get(name, 0)) for name in ("error", "aborted", "denied", "limit", "pending")}
    return found | {"unscored": int(summary["unscored"]), "not played": int(summary.get("n_not_played", 0))}


def _dimensions(summary: Mapping[str, Json]) -> tuple[str, list[str], list[list[str]]]:
    verified = (summary.get("verified") or {}).get("mean_scores", {})
    rows = [[name, number(mean), number(verified.get(name))] for name, mean in summary["mean_scores"].items()]
    return "Mean scores", ["dimension", "judge", "verified"], rows


def _by_suite(record: CiRecord) -> tuple[str, list[str], list[list[str]]]:
    rows = []
    for suite, cases in record.suites().items():
        rows.append([suite, str(len(cases)), *(str(sum(case.kind == kind for case in cases)) for kind in KINDS)])
    return "Matches", ["suite", "n", *KINDS], rows


def threshold_rows(cases: Sequence[Case]) -> list[list[str]]:
    """Return the findings of the thresholds as rows of a table: level, what, why."""
    return [[case.type or OK, case.name, case.message] for case in cases if case.suite == THRESHOLDS_SUITE]
