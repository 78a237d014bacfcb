"""index.html: verdict, banners, tables, figure, and each trial with its prompt, its reply and the rule that decided.

Built with the parts of the report page (analysis/report): no network, no script, hostile text kept as text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from arena.analysis.report.markup import Form, Markup, join, tag
from arena.analysis.report.page import bottom, skip_link, top
from arena.analysis.report.tables import drawn, pair, table
from arena.analysis.report.values import NBSP
from arena.analysis.risk.figure import CURVES, TITLE, picture, pressure
from arena.analysis.risk.sections import CATALOGUES, DEFENCES, METRICS, PRESSURE, REASONS, SLICES, Section, sections
from arena.analysis.risk.tables import DEFENCE_WORDS, REASON_WORDS, Cell, RateCell, interval, shown, words
from arena.analysis.risk.tally import RiskTally
from arena.analysis.risk.verdict import OK, RiskVerdict, banners, lines_of
from arena.families.risk.assessment import RESISTED, SUCCEEDED
from arena.families.risk.compose import NO_ATTACK, NO_DEFENCE
from arena.families.risk.risk_counts import METRICS as ALL_METRICS
from arena.policy.rules import Rule
from arena.records import Json

LONGEST_TEXT = 20_000
"""Characters of a prompt or a reply that the page shows; rows.jsonl has all of it."""
MOST_NARROW = 4
"""Columns of a table that has room in half the width."""
_CARDS = ("attack_success_rate", "benign_completion", "utility_under_attack", "gate_false_positive_rate")
_NAVIGATION = ((METRICS, "Metrics"), (DEFENCES, "Defences"), (SLICES, "By slice"), (REASONS, "Reasons"),
               (CATALOGUES, "Catalogues"))  # fmt: skip
_MISSES: Mapping[str, str] = {
    "total": "planned trials:", "callable": "trials with an answer:", "pass_rate": "pass rate",
    "post_deny": "denials after a call:",
}  # fmt: skip
"""The names of threshold metrics, in words."""
_VERDICTS: Mapping[str, str] = {"allow": "allowed", "warn": "warned", "deny": "denied"}


def page_parts(
    tally: RiskTally, head: Mapping[str, Json], verdict: RiskVerdict, rules: Sequence[Rule], run_id: str
) -> Iterator[Markup]:
    """Yield the page up to its list of trials, in pieces."""
    title = f"Risk run {run_id}"
    found = sections(tally, head, rules)
    yield top(title, False)
    yield skip_link("main", "Skip to the results")
    yield tag("header", tag("h1", title), tag("p", _what(tally, head)))
    yield _navigation({one.anchor for one in found})
    yield Markup('<main id="main">')
    yield _verdict(verdict)
    yield join(tag("p", text, class_="banner", role="note") for text in banners(tally, head))
    yield tag("h2", "At a glance")
    yield _cards(tally)
    said = tag("pre", "\n".join(lines_of(tally, head, verdict)), id="lines")
    yield tag("details", tag("summary", "The lines that the run ended with"), said)
    yield from _results(found, tally)
    yield tag("h2", "Trials", id="trials")


def _verdict(verdict: RiskVerdict) -> Markup:
    misses = []
    for miss in verdict.misses:
        name, _, rest = miss.partition(" ")
        misses.append(f"{_MISSES[name]} {rest}" if name in _MISSES else miss)
    text = f"{verdict.status}: {'; '.join(misses) or 'all thresholds are met'}"
    shade = "verdict" if verdict.status == OK else "banner"
    return tag("p", tag("strong", text), class_=shade, role="status", id="verdict")


def _what(tally: RiskTally, head: Mapping[str, Json]) -> str:
    total = tally.total()
    told = [
        f"{total.rows} trials, {total.callable} with an answer",
        ", ".join(dict.fromkeys(f"{key.model} ({key.mode})" for key in tally.cells)),
        f"seeds {', '.join(map(str, sorted(total.seeds)))}" if total.seeds else "",
        f"policy {head['policy_id']}" if head.get("policy_id") else "no policy",
    ]
    return " \N{MIDDLE DOT} ".join(part for part in told if part)


def _navigation(anchors: Collection[str]) -> Markup:
    links = [*((anchor, text) for anchor, text in _NAVIGATION if anchor in anchors), ("trials", "Trials")]
    items = (tag("li", tag("a", text, href=f"#{target}")) for target, text in links)
    return tag("nav", tag("ul", *items), aria_label="sections")


def _cards(tally: RiskTally) -> Markup:
    metrics = tally.total().counts.to_json()["metrics"]
    cards = []
    for name in _CARDS:
        rate = metrics[name]
        better = "higher" if ALL_METRICS[name].higher_is_better else "lower"
        parts = (
            tag("h3", words(name).capitalize()),
            tag("p", shown(rate), class_="big"),
            tag("p", f"{rate['k']} of {rate['n']}; 95 % interval {interval(rate)}; {better} is better"),
        )
        cards.append(tag("div", *parts, class_="card"))
    return tag("div", *cards, class_="cards")


def _results(found: Sequence[Section], tally: RiskTally) -> Iterator[Markup]:
    """Yield the sections: figures next to their tables, narrow tables in two columns, wide ones over the whole
    width."""
    narrow: list[Markup] = []
    for section in found:
        block = _section(section, tally)
        if len(section.heads) <= MOST_NARROW and section.anchor not in (METRICS, CATALOGUES):
            narrow.append(block)
            continue
        yield from _side_by_side(narrow)
        yield block
    yield from _side_by_side(narrow)


def _side_by_side(blocks: list[Markup]) -> Iterator[Markup]:
    if blocks:
        yield pair(*blocks)
        blocks.clear()


def _section(section: Section, tally: RiskTally) -> Markup:
    whole = _table(section)
    if section.anchor == METRICS:
        whole = pair(drawn(picture(tally), TITLE, picture(tally, narrow=True)), whole)
    elif section.anchor == PRESSURE:
        whole = join([drawn(pressure(tally), CURVES, pressure(tally, narrow=True)), whole])
    elif section.anchor == CATALOGUES:
        whole = tag("details", tag("summary", "Which entries of OWASP and MITRE ATLAS this run tried"), whole)
    note = tag("p", section.note, class_="soft") if section.note else ""
    return tag("section", tag("h2", section.title, id=section.anchor), whole, note)


def _table(section: Section) -> Markup:
    """Return a section's table. Each metric says below its name what it is a share of, and which direction is better;
    codes of reasons are set as code."""
    if section.anchor == METRICS:
        rows = [
            [join([name, tag("small", f"of {of}; {direction}")]), value, _unbroken(within), _unbroken(count)]
            for name, value, within, count, of, direction in section.rows
        ]
        return table(section.heads[:4], rows, section.title)
    if section.anchor == REASONS:
        return table(section.heads, [[tag("code", code), *rest] for code, *rest in section.rows], section.title)
    if section.anchor == CATALOGUES:
        return table(section.heads, [[_breakable(str(one)) for one in row] for row in section.rows], section.title)
    return table(section.heads, [[_shown(one) for one in row] for row in section.rows], section.title)


def _shown(value: Cell) -> object:
    """Return a cell; a share has its interval and its count below it."""
    if not isinstance(value, RateCell):
        return value
    within = value.interval.replace("% to ", " to ")
    parts = (tag("span", tag("small", _unbroken(part))) for part in (within, value.counted))
    return join([value.value, *parts])


def _breakable(text: str) -> Markup:
    """Return names with a possible line break after each underscore, for phones."""
    return join(text.split("_"), Markup("_<wbr>"))


def _unbroken(text: object) -> str:
    """Return a short text that stays on one line."""
    return str(text).replace(" ", NBSP)


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
    """Return one trial: outcome, prompt, reply, and the rules that decided."""
    outcome, shade = _outcome(row)
    attack, defence = row.get("attack") or NO_ATTACK, row.get("defence") or NO_DEFENCE
    case, slice_ = row.get("input_case") or row.get("trial") or "-", words(row.get("slice") or row["exp"])
    asked = "benign twin" if attack == NO_ATTACK else words(attack)
    reason = row.get("fail_reason")
    facts = [
        ("trial", row.get("trial")),
        ("slice, case", f"{slice_}, {case}"),
        ("asked, defence", f"{asked}, {DEFENCE_WORDS.get(defence, defence)}"),
        ("model, mode, seed", f"{row['model']}, {row.get('mode') or '-'}, {row.get('seed')}"),
        ("outcome", outcome),
        ("reason", None if reason is None else REASON_WORDS.get(reason, reason)),
        ("evaluator rule", row.get("judge_rule_id")),
        ("gate before the call", _gate(row.get("pre_call_gate"))),
        ("gate after the call", _gate(row.get("post_call_gate"))),
        ("tokens, milliseconds", f"{row['total_tokens']}, {row.get('latency_ms') if row['callable'] else '-'}"),
    ]
    terms = join([_TERM.fill(name, value) for name, value in facts if value is not None])
    what, tokens = f"{slice_}, {asked}, {DEFENCE_WORDS.get(defence, defence)}", f"{row['total_tokens']:,}"
    texts = _text(row.get("prompt")), _text(row.get("reply"))
    return _TRIAL.fill(shade, outcome, case, what, row["model"], tokens, terms, *texts)


_TERM = Form("<div><dt>{}</dt><dd>{}</dd></div>")
_TRIAL = Form(
    '<details class="m one"><summary><span class="c-o"><b class="{}">{}</b></span><span class="c-u">{}<small>{}</small>'
    '</span><span class="c-g">{}</span><span class="c-n" data-l="tokens">{}</span></summary><div class="match"><dl>{}'
    "</dl><h3>Prompt</h3><blockquote>{}</blockquote><h3>Reply</h3><blockquote>{}</blockquote></div></details>"
)
_DECIDED = Form("{} by rule <code>{}</code>, reason <code>{}</code>{}{}")


def _outcome(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return in a word or two the outcome of a trial, and its class of colour."""
    outcome = row.get("attack_outcome")
    if not row["callable"] and outcome != SUCCEEDED:
        return "not asked", "xl"
    if outcome is not None:
        return f"attack {outcome}", {SUCCEEDED: "o3", RESISTED: "o0"}.get(outcome, "xu")
    return ("passed", "o0") if row["success"] else ("failed", "o2")


def _gate(decision: Mapping[str, Json] | None) -> Markup | None:
    if decision is None:
        return None
    enforced = "" if decision.get("enforced", True) else "; nothing followed (shadow mode)"
    seen = "" if decision.get("observed") is None else f"; saw {decision['observed']}, bound {decision.get('bound')}"
    verdict = str(decision["decision"])
    rule, code = decision.get("rule_id"), decision.get("reason_code")
    return _DECIDED.fill(_VERDICTS.get(verdict, verdict), rule, code, seen, enforced)


def _text(text: str | None) -> str:
    if not text:
        return "(none)"
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ... ({len(text)} characters in all)"
