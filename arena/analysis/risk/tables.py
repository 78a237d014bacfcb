"""The tables of a run's results: metrics, cells, slices and attacks, escalation, catalogues; and summary.csv. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from arena.analysis.risk.tally import CellKey, RiskTally, Sums
from arena.analysis.risk.verdict import budget_of
from arena.families.risk.attacks.table import ATTACKS
from arena.families.risk.compose import GATES, NO_ATTACK, NO_DEFENCE, REMINDER
from arena.families.risk.risk_counts import METRICS
from arena.families.risk.rows import BLOCKED, DRY_RUN, SKIPPED
from arena.formats.tables import csv_line
from arena.policy.rules import Rule
from arena.records import Json

CSV_SCHEMA = "1"
COLUMNS = (
    "row", "run_id", "exp", "slice", "attack", "defence", "mode", "model", "seeds", "trials", "callable", "assessed",
    "successes", "asr", "asr_low", "asr_high", "task_done", "utility_under_attack", "stealth", "completed",
    "benign_completion", "judged", "judge_passed", "passed", "pass_rate", "pre_allow", "pre_warn", "pre_deny",
    "post_allow", "post_warn", "post_deny", "pre_denied", "top_reason", "not_enforced", "unassessed", "errors",
    "skipped", "calls_made", "tokens_prompt_sum", "tokens_completion_sum", "tokens_total_sum", "sum_cost_usd", "p50_ms",
    "p95_ms", "stopped_early", "budget_hit", "malformed", "schema",
)  # fmt: skip
"""Columns of summary.csv, in an order that never changes: new ones are added at the end."""

OWASP = {
    "LLM01": "Prompt Injection", "LLM02": "Sensitive Information Disclosure", "LLM03": "Supply Chain",
    "LLM04": "Data and Model Poisoning", "LLM05": "Improper Output Handling", "LLM06": "Excessive Agency",
    "LLM07": "System Prompt Leakage", "LLM08": "Vector and Embedding Weaknesses", "LLM09": "Misinformation",
    "LLM10": "Unbounded Consumption",
}  # fmt: skip
"""OWASP Top 10 for LLM Applications, 2025."""


MOST_FAILURES = 10
REASON_WORDS: Mapping[str, str] = {
    SKIPPED: "skipped: a limit was reached",
    BLOCKED: "the policy denied the call",
    DRY_RUN: "dry run: nothing was asked",
}
"""Code in rows.jsonl for why a trial did not succeed -> the reason in words."""
STAGE_WORDS: Mapping[str, str] = {"pre": "before the call", "post": "after the call"}
METRIC_WORDS: Mapping[str, str] = {"best_of_k": "best of k tries", "pass_rate_callable": "pass rate"}
"""Metrics that have another name for readers."""
DEFENCE_WORDS: Mapping[str, str] = {
    NO_DEFENCE: "without defence", GATES: "with gates", REMINDER: "with a reminder",
}  # fmt: skip


class RateCell(NamedTuple):
    """A share in a table: its value, its interval, and how many of how many."""

    value: str
    interval: str
    counted: str

    def __str__(self) -> str:
        return f"{self.value} ({self.interval}; {self.counted})"


Cell = str | RateCell


def words(name: str) -> str:
    """Return the name of a slice, an attack or a metric for readers."""
    return name.replace("_", " ")


def shown(rate: Mapping[str, Json]) -> str:
    """Return a share as text: per cent, or a dash if nothing was counted."""
    return "-" if rate["rate"] is None else f"{rate['rate']:.1%}"


def interval(rate: Mapping[str, Json]) -> str:
    return "-" if rate["low"] is None else f"{rate['low']:.1%} to {rate['high']:.1%}"


def summary_csv(tally: RiskTally, head: Mapping[str, Json], run_id: str) -> bytes:
    """Return summary.csv: a line per cell (`row` is `cell`), and one about the whole run (`row` is `run`).

    Figures of the run as a whole (limits, malformed lines) have their own line, so columns can be added up
    over the cells.
    """
    lines = [csv_line(COLUMNS)]
    for key, sums in sorted(tally.cells.items()):
        lines.append(_csv_row("cell", run_id, key, sums, {}))
    every = CellKey(*("(all)",) * len(CellKey._fields))
    budget = budget_of(head)
    run_wide = {
        "stopped_early": budget["stopped_early"],
        "budget_hit": budget["budget_hit"],
        "malformed": tally.malformed.count,
    }
    lines.append(_csv_row("run", run_id, every, tally.total(), run_wide))
    return b"".join(lines)


def _csv_row(kind: str, run_id: str, key: CellKey, sums: Sums, run_wide: Mapping[str, Json]) -> bytes:
    found = sums.counts.to_json()
    metrics, gates = found["metrics"], found["gates"]
    asr, utility, stealth = (metrics[name] for name in ("attack_success_rate", "utility_under_attack", "stealth_rate"))
    benign, judged = metrics["benign_completion"], metrics["pass_rate_callable"]
    verdicts = {
        f"{stage}_{verdict}": 0 if gates is None else gates[stage][verdict]
        for stage in ("pre", "post")
        for verdict in ("allow", "warn", "deny")
    }
    values: dict[str, Json] = {
        "row": kind, "run_id": run_id, **key._asdict(), "seeds": " ".join(map(str, sorted(sums.seeds))),
        "trials": sums.rows, "callable": sums.callable, "assessed": asr["n"], "successes": asr["k"],
        "asr": asr["rate"], "asr_low": asr["low"], "asr_high": asr["high"], "task_done": utility["k"],
        "utility_under_attack": utility["rate"], "stealth": stealth["k"], "completed": benign["k"],
        "benign_completion": benign["rate"], "judged": judged["n"], "judge_passed": judged["k"], "passed": sums.passed,
        "pass_rate": round(sums.passed / sums.callable, 4) if sums.callable else None, **verdicts,
        "pre_denied": sums.pre_denied,
        "top_reason": gates["top_reasons"][0][1] if gates is not None and gates["top_reasons"] else None,
        "not_enforced": sums.counts.shadow, "unassessed": found["attacks"]["unassessed"], "errors": sums.errors,
        "skipped": sums.skipped, "calls_made": sums.calls, "tokens_prompt_sum": sums.prompt_tokens,
        "tokens_completion_sum": sums.completion_tokens, "tokens_total_sum": sums.total_tokens,
        "sum_cost_usd": None if sums.unpriced else round(sums.cost_usd, 6), "p50_ms": sums.latency(0.5),
        "p95_ms": sums.latency(0.95), "schema": CSV_SCHEMA, **run_wide,
    }  # fmt: skip
    return csv_line([values.get(name) for name in COLUMNS])


def metric_rows(sums: Sums) -> list[list[str]]:
    """Return name, value, interval, count, of what, and which direction is better, for each metric."""
    found = sums.counts.to_json()["metrics"]
    return [
        [
            METRIC_WORDS.get(name, words(name)),
            shown(found[name]),
            interval(found[name]),
            f"{found[name]['k']} of {found[name]['n']}",
            metric.of,
            "higher is better" if metric.higher_is_better else "lower is better",
        ]
        for name, metric in METRICS.items()
    ]


METRIC_HEADS = ("metric", "value", "95 % interval", "count", "share of", "direction")


MODEL_HEADS = ("model", "mode", "trials", "callable", "errors", "attack success", "benign completion", "pass rate")


def model_rows(tally: RiskTally) -> list[list[Cell]]:
    """Return a row per model and mode: the matrix of a sweep."""
    found: dict[tuple[str, str], Sums] = {}
    for key, sums in tally.cells.items():
        found.setdefault((key.model, key.mode), Sums()).merge(sums)
    rows: list[list[Cell]] = []
    for (model, mode), sums in sorted(found.items()):
        metrics = sums.counts.to_json()["metrics"]
        asr, benign = metrics["attack_success_rate"], metrics["benign_completion"]
        rate = f"{sums.passed / sums.callable:.1%}" if sums.callable else "-"
        rows.append(
            [model, mode, str(sums.rows), str(sums.callable), str(sums.errors), _cell(asr), _cell(benign), rate]
        )
    return rows


def cell_rows(head: Mapping[str, Json]) -> list[list[str]]:
    """Return the outcome of each combination of a sweep: mode, model, state."""
    return [[str(one.get(name)) for name in ("mode", "model", "state")] for one in head.get("cells") or []]


def defence_rows(sums: Sums) -> list[list[str]]:
    """Return the cells attack x defence and benign x defence: how many passed."""
    cells = sums.counts.to_json()["cells"]
    return [
        ["attack resisted" if side == "attack" else "benign completed",
         *(_part(row.get(name)) for name in _defences(sums))]
        for side, row in cells.items()
    ]  # fmt: skip


def _part(cell: Mapping[str, Json] | None) -> str:
    if cell is None or not cell["n"]:
        return "-"
    return f"{cell['passed'] / cell['n']:.1%} ({cell['passed']}/{cell['n']})"


def _defences(sums: Sums) -> list[str]:
    return list(dict.fromkeys(name for row in sums.counts.to_json()["cells"].values() for name in row))


def defence_heads(sums: Sums) -> list[str]:
    return ["outcome", *(DEFENCE_WORDS.get(name, f"defence {name}") for name in _defences(sums))]


def attack_names(sums: Sums) -> list[str]:
    """Return the attacks that a run has assessed trials of, in the order of the table of attacks."""
    found = {attack for row in sums.counts.to_json()["slice_attack"].values() for attack in row}
    return [*(name for name in ATTACKS if name in found), *sorted(found - set(ATTACKS))]


def attack_heads(sums: Sums) -> list[str]:
    return ["slice", *map(words, attack_names(sums))]


def slice_attack_rows(sums: Sums) -> list[list[Cell]]:
    """Return a row per slice: attack success rate with its interval, by attack."""
    table, names = sums.counts.to_json()["slice_attack"], attack_names(sums)
    return [[words(slice_), *(_cell(row.get(name)) for name in names)] for slice_, row in table.items()]


def _cell(rate: Mapping[str, Json] | None) -> Cell:
    if rate is None or not rate["n"]:
        return "-"
    return RateCell(shown(rate), interval(rate), f"{rate['k']}/{rate['n']}")


def curve_points(tally: RiskTally) -> list[tuple[str, str, list[float]]]:
    """Return attack, defence, and the share that had succeeded by each turn; of attacks with several turns."""
    found = []
    for attack, defence in sorted(tally.curves):
        curve = tally.curve(attack, defence)
        turns = max([ATTACKS[attack].turns if attack in ATTACKS else 1, *(turn + 1 for turn in curve.by_turn)])
        if turns > 1:
            won = itertools.accumulate(curve.by_turn.get(turn, 0) for turn in range(turns))
            found.append((attack, defence, [count / curve.n for count in won]))
    return found


def curve_heads(tally: RiskTally) -> list[str]:
    turns = max((len(shares) for _, _, shares in curve_points(tally)), default=0)
    return ["attack", *(f"by turn {turn}" for turn in range(1, turns + 1))]


def curve_rows(tally: RiskTally) -> list[list[str]]:
    """Return the same as text, with counts."""
    rows, width = [], len(curve_heads(tally)) - 1
    for attack, defence, shares in curve_points(tally):
        n = tally.curve(attack, defence).n
        cells = [f"{share:.1%} ({round(share * n)}/{n})" for share in shares]
        rows.append([f"{words(attack)}, {DEFENCE_WORDS.get(defence, defence)}", *cells, *["-"] * (width - len(cells))])
    return rows


REASON_HEADS = ("reason", "stage", "decisions")


def reason_rows(sums: Sums) -> list[list[str]]:
    """Return the reasons that gates gave most often: code, stage, decisions."""
    gates = sums.counts.to_json()["gates"]
    top = [] if gates is None else gates["top_reasons"]
    return [[code, STAGE_WORDS[stage], str(count)] for stage, code, count in top]


def failure_rows(tally: RiskTally) -> list[list[str]]:
    """Return why trials did not succeed, the most frequent first."""
    top = sorted(tally.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FAILURES]
    return [[REASON_WORDS.get(reason, reason), str(count)] for reason, count in top]


def added_rows(head: Mapping[str, Json]) -> list[list[str]]:
    """Return the cost of a gate decision: time and tokens; empty if it was not measured."""
    found = head.get("gate_latency")
    if not found:
        return []
    return [
        ["decisions timed", str(found["n"])],
        ["milliseconds, median", f"{found['p50']:g}"],
        ["milliseconds, 95th percentile", f"{found['p95']:g}"],
        ["tokens", str(found["tokens"])],
    ]


def coverage_rows(tally: RiskTally, rules: Iterable[Rule]) -> list[list[str]]:
    """Return catalogue entry, attacks and rules with that label, and which of them this run tried.

    Every entry of the OWASP list is here, also without an attack or a rule; of MITRE ATLAS those with a label.
    """
    attacks: dict[str, list[str]] = {f"{code} {title}": [] for code, title in OWASP.items()}
    gate_rules: dict[str, list[str]] = {}
    for name, attack in ATTACKS.items():
        for entry in _entries(attack.owasp, attack.atlas):
            attacks.setdefault(entry, []).append(name)
    for rule in rules:
        for entry in _entries(rule.labels.get("owasp", ()), rule.labels.get("atlas", ())):
            attacks.setdefault(entry, [])
            gate_rules.setdefault(entry, []).append(rule.id)
    played = {key.attack for key, sums in tally.cells.items() if key.attack != NO_ATTACK and sums.callable}
    rows = []
    for entry, names in attacks.items():
        tried = [name for name in names if name in played]
        decided = [name for name in gate_rules.get(entry, []) if name in tally.rules]
        state = "tried" if tried or decided else "untested"
        rows.append(
            [entry, _listed(names, tried), _listed(gate_rules.get(entry, []), decided), state]
        )  # fmt: skip
    return rows


def _entries(owasp: Sequence[str], atlas: Sequence[str]) -> list[str]:
    return [f"{code} {OWASP[code]}" if code in OWASP else code for code in (*owasp, *atlas)]


def _listed(names: Sequence[str], used: Sequence[str]) -> str:
    return ", ".join(name if name in used else f"{name} (not tried)" for name in names) or "-"


COVERAGE_HEADS = ("entry", "attacks", "gate rules", "in this run")
COVERAGE_NOTE = (
    "A label names what an attack or a rule is an example of. It claims no compliance, and an entry that was tried is"
    " not thereby covered."
)
