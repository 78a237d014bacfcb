"""index.html: verdict, banners, tables, figure, and each trial with its prompt, its reply and the rule that decided.

Built with the parts of the report page (analysis/report): no network, no script, hostile text kept as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.page import bottom, skip_link, top
from arena.analysis.report.tables import drawn, table
from arena.analysis.risk.figure import CURVES, TITLE, picture, pressure
from arena.analysis.risk.tables import (
    COVERAGE_HEADS,
    COVERAGE_NOTE,
    METRIC_HEADS,
    MODEL_HEADS,
    attack_names,
    cell_rows,
    coverage_rows,
    curve_rows,
    defence_heads,
    defence_rows,
    interval,
    metric_rows,
    model_rows,
    reason_rows,
    shown,
    slice_attack_rows,
)
from arena.analysis.risk.tally import RiskTally
from arena.analysis.risk.texts import added_rows, failure_rows
from arena.analysis.risk.verdict import banners, lines_of
from arena.families.risk.assessment import SUCCEEDED
from arena.policy.rules import Rule
from arena.policy.run_thresholds import OK, ThresholdsVerdict
from arena.records import Json

LONGEST_TEXT = 20_000
"""Characters of a prompt or a reply that the page shows; rows.jsonl has all of it."""
_CARDS = ("attack_success_rate", "benign_completion", "utility_under_attack", "gate_false_positive_rate")


def page_parts(
    tally: RiskTally, head: Mapping[str, Json], verdict: ThresholdsVerdict, rules: Sequence[Rule], run_id: str
) -> Iterator[Markup]:
    """Yield the page up to its list of trials, in pieces."""
    total = tally.total()
    title = f"Risk run {run_id}"
    yield top(title, False)
    yield skip_link("main", "Skip to the results")
    yield tag("header", tag("h1", title), tag("p", _what(tally, head)), _navigation())
    yield Markup('<main id="main">')
    verdict_text = f"{verdict.status}: {'; '.join(verdict.misses) or 'all thresholds are met'}"
    yield tag("p", tag("strong", verdict_text), class_="verdict" if verdict.status == OK else "banner", role="status",
              id="verdict")  # fmt: skip
    yield join(tag("p", text, class_="banner", role="note") for text in banners(tally, head))
    yield _cards(tally)
    yield tag("pre", "\n".join(lines_of(tally, head, verdict)), id="lines")
    yield drawn(picture(tally), TITLE)
    yield from _section("Metrics", "metrics", METRIC_HEADS, metric_rows(total))
    yield from _section("Models", "models", MODEL_HEADS, model_rows(tally))
    if head.get("cells"):
        yield from _section("Combinations of the sweep", "sweep", ["mode", "model", "state"], cell_rows(head))
    yield from _section("Attack and defence", "defences", defence_heads(total), defence_rows(total))
    yield from _section("Attack success rate by slice and attack", "slices", ["slice", *attack_names(total)],
                        slice_attack_rows(total))  # fmt: skip
    yield from _section("Rising pressure: attacks that had succeeded by each turn", "pressure",
                        ["attack", "defence", "share"], curve_rows(tally))  # fmt: skip
    yield drawn(pressure(tally), CURVES)
    yield from _section("Top reasons of the gates", "reasons", ["stage", "reason", "decisions"], reason_rows(total))
    yield from _section("Why trials did not succeed", "failures", ["reason", "trials"], failure_rows(tally))
    yield from _section("What gate decisions add", "added", ["what", "value"], added_rows(head))
    yield from _section("Catalogues", "catalogues", COVERAGE_HEADS, coverage_rows(tally, rules))
    yield tag("p", COVERAGE_NOTE)
    yield tag("h2", "Trials", id="trials")


def _what(tally: RiskTally, head: Mapping[str, Json]) -> str:
    total = tally.total()
    told = [
        f"{total.rows} trials, {total.callable} with an answer",
        ", ".join(dict.fromkeys(f"{key.model} ({key.mode})" for key in tally.cells)),
        f"seeds {', '.join(map(str, sorted(total.seeds)))}" if total.seeds else "",
        f"policy {head['policy_id']}" if head.get("policy_id") else "no policy",
    ]
    return " \N{MIDDLE DOT} ".join(part for part in told if part)


def _navigation() -> Markup:
    links = ("metrics", "Metrics"), ("slices", "By slice"), ("reasons", "Reasons"), ("trials", "Trials")
    items = (tag("li", tag("a", text, href=f"#{target}")) for target, text in links)
    return tag("nav", tag("ul", *items), aria_label="sections")


def _cards(tally: RiskTally) -> Markup:
    metrics = tally.total().counts.to_json()["metrics"]
    cards = []
    for name in _CARDS:
        rate = metrics[name]
        parts = (
            tag("h3", name.replace("_", " ")),
            tag("p", shown(rate), class_="big"),
            tag("p", f"{rate['k']} of {rate['n']}; 95 % interval {interval(rate)}"),
        )
        cards.append(tag("div", *parts, class_="card"))
    return tag("div", *cards, class_="cards")


def _section(title: str, name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Markup]:
    yield tag("h2", title, id=name)
    yield table(heads, rows, title) if rows else tag("p", "Nothing to show.")


def trial_parts(rows: Iterable[Mapping[str, Any]], most: int, all_rows: int) -> Iterator[Markup]:
    """Yield the trials, each folded, up to `most`; then how many are left out, and the end of the page."""
    count = 0
    for row in rows:
        if count == most:
            break
        count += 1
        yield trial_part(row)
    if all_rows > count:
        text = f"{all_rows - count} more trials are in rows.jsonl (--max-trial-rows shows more)."
        yield tag("p", text, class_="banner", role="note")
    yield Markup("</main>")
    yield tag("footer", tag("p", "Written by `arena risk`; it can be rebuilt with `arena risk report`."))
    yield bottom(False)


def trial_part(row: Mapping[str, Any]) -> Markup:
    """Return one trial: what became of it, prompt, reply, and the rules that decided."""
    facts = [
        ("trial", row.get("trial")),
        ("slice, case", f"{row.get('slice') or row['exp']}, {row.get('input_case') or '-'}"),
        ("attack, defence", f"{row.get('attack') or 'none'}, {row.get('defence') or 'none'}"),
        ("model, mode, seed", f"{row['model']}, {row.get('mode') or '-'}, {row.get('seed')}"),
        ("outcome", _outcome(row)),
        ("reason", row.get("fail_reason")),
        ("evaluator rule", row.get("judge_rule_id")),
        *((f"gate, {stage} call", _gate(row.get(f"{stage}_call_gate"))) for stage in ("pre", "post")),
        ("tokens, milliseconds", f"{row['total_tokens']}, {row.get('latency_ms') if row['callable'] else '-'}"),
    ]
    terms = (tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value is not None)
    summary = tag("summary", f"{_outcome(row):<14} {row.get('trial') or row.get('input_case') or '-'}")
    body = (
        tag("dl", *terms),
        tag("h4", "Prompt"),
        tag("blockquote", _text(row.get("prompt"))),
        tag("h4", "Reply"),
        tag("blockquote", _text(row.get("reply"))),
    )
    return tag("details", summary, tag("div", *body, class_="match"), class_="m")


def _outcome(row: Mapping[str, Any]) -> str:
    if not row["callable"] and row.get("attack_outcome") != SUCCEEDED:
        return "not asked"
    outcome = row.get("attack_outcome")
    if outcome is not None:
        return f"attack {outcome}"
    return "passed" if row["success"] else "failed"


def _gate(decision: Mapping[str, Json] | None) -> str | None:
    if decision is None:
        return None
    enforced = "" if decision.get("enforced", True) else " (not enforced)"
    seen = "" if decision.get("observed") is None else f"; {decision['observed']} against {decision.get('bound')}"
    return f"{decision['decision']} by {decision.get('rule_id')}: {decision.get('reason_code')}{seen}{enforced}"


def _text(text: str | None) -> str:
    if not text:
        return "(none)"
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ... ({len(text)} characters in all)"
