"""The overview of one run: headline figures, what they do not say, dimensions, checks, usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.caveats import caveats, mock_warning, shadow_warning
from arena.analysis.report.figures import dimensions_figure, label_figure, outcome_counts, outcomes_figure
from arena.analysis.report.ledger import class_counts
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tables import drawn, pair, prose, table
from arena.analysis.report.tally import Tally, checks_in, success_interval, successes, verified_in, verified_rate
from arena.analysis.report.values import clipped, percent, span
from arena.formats.tables import number
from arena.records import STATUSES
from arena.stats.intervals import wilson

MAX_OPEN_ROWS = 12
"""Values of a label up to which its table stands open."""


def what_was_run(tally: Tally) -> str:
    """Return one sentence: who played what, judged by whom."""
    identity = tally.run.manifest.identity
    models, calculator = identity.models, identity.calculator
    units = len(tally.units)
    noun = tally.unit_noun + ("" if units == 1 else "s")
    roles = ", ".join(f"{role} by {model}" for role, model in models.roles.items())
    cross = f" (cross-play: {roles})" if roles else ""
    judged = f"judged by {models.judge}" if models.judge is not None else None
    tool = "no calculator" if tally.parts.has_tools else None
    if calculator["provider"] != "none":
        tool = f"calculator {calculator.get('version', '')} ({calculator['provider']})".replace("  ", " ")
    parts = [
        f"{models.participant or 'several models'}{cross}",
        judged,
        f"{tally.total.n} of {tally.planned} {tally.trial_nouns} over {units} {noun}",
        f"seed {identity.settings.get('seed', '-')}",
        tool,
    ]
    return " \N{MIDDLE DOT} ".join(clipped(part, 400) for part in parts if part is not None)


def headline(tally: Tally) -> Markup:
    """Return the figures a reader sees first."""
    total = tally.total
    won, n = successes(total.outcomes)
    best = tally.outcomes[0] if tally.outcomes else "success"
    cards = []
    if tally.outcomes:
        rate = percent(won / n) if n else "-"
        interval = span(success_interval(total.outcomes), 100, 1)
        sub = f"{won} of {n} {tally.trial_nouns} with an outcome; 95 % interval {interval} %"
        if n != tally.planned:
            sub += f"; {percent(won / tally.planned)} of the {tally.planned} planned"
        by = ", by the judge" if tally.judged else ""
        cards.append(_card(f"{best} rate{by}", rate, sub if n else f"no {tally.trial_noun} has an outcome"))
        won, n = successes(verified_in(total).outcomes)
        if n:
            sub = f"{won} of {n}; 95 % interval {span(success_interval(verified_in(total).outcomes), 100, 1)} %"
            cards.append(_card(f"{best} rate, verified", percent(won / n), sub))
        elif tally.parts.verifies:
            cards.append(_card(f"{best} rate, verified", "-", "this run has no verified scores"))
    cards += _mean_card(tally)
    if tally.claims:
        cards.append(_claims_card(tally.claims))
    if checks_in(total).n:
        checked = checks_in(total).n
        cards.append(_card("All mechanical checks passed", percent(tally.all_green / checked),
                           f"{tally.all_green} of {checked} {tally.trial_nouns}; without any judge"))  # fmt: skip
    out = [f"{count} {what}" for what, count in not_in_means(tally) if count]
    lost = sum(count for _, count in not_in_means(tally))
    cards.append(
        _card("In no mean", str(lost), ", ".join(out) or f"every planned {tally.trial_noun} is scored", bool(lost))
    )
    return tag("div", *cards, class_="cards")


def _mean_card(tally: Tally) -> list[Markup]:
    """Return the lowest mean, where all are on one scale; else the mean of the first score."""
    means = [(mean, name) for name in tally.dimensions if (mean := tally.mean(name)) is not None]
    if not means:
        return []
    mean, name = min(means) if tally.averaged else means[0]
    top = f" of {tally.parts.scale[1]:g}" if tally.parts.scale else ""
    bounds = tally.interval(name)
    interval = f"95 % interval {span(bounds)}" if bounds else "interval unknown"
    if not tally.averaged:
        return [_card(f"Mean {name.replace('_', ' ')}", number(mean), interval)]
    return [_card("Lowest mean" + as_judged(tally), f"{mean:.2f}{top}", f"{name}; {interval}")]


def as_judged(tally: Tally) -> str:
    """Return what the head of a mean says of where its scores come from; nothing without a judge."""
    return ", as judged" if tally.judged else ""


def not_in_means(tally: Tally) -> list[tuple[str, int]]:
    """Return what stands beside the means: matches that ended without a score, and those not played."""
    total = tally.total
    names = {"limit": "stopped by a limit", "pending": "awaiting their judge"}
    counts = [(names.get(status, status), total.statuses[status]) for status in STATUSES[1:]]
    return [*counts, ("unscored", total.unscored), ("not played", max(0, tally.planned - total.n))]


def _claims_card(claims: Mapping[str, int]) -> Markup:
    """Return how many of the claims in public turns rest on a computation."""
    whole, computed, wrong = sum(claims.values()), claims.get("computed", 0), claims.get("wrong", 0)
    asserted = claims.get("asserted", 0)
    sub = f"{computed} of {whole} claims in public turns; {asserted} from nowhere, {wrong} wrong"
    share = percent(computed / whole) if whole else "-"
    return _card("Claims that were computed", share, sub if whole else "no claim was made")


def _card(title: str, value: str, sub: object, bad: bool = False) -> Markup:
    parts = tag("h3", title), tag("p", value, class_="big"), tag("p", sub)
    return tag("div", *parts, class_="card bad" if bad else "card")


def banners(tally: Tally) -> Markup:
    """Return the loud lines: unfinished run, torn record, stand-ins for models, checks that contradict the judge."""
    out = []
    if not tally.total.n:
        out.append(f"This run has no finished {tally.trial_noun}: there is nothing to report yet.")
    elif not tally.finished:
        out.append(f"This run is not finished: {tally.total.n} of {tally.planned} {tally.trial_nouns} are here. "
                   "The same command with --resume finishes it.")  # fmt: skip
    if tally.records.shape.torn:
        out.append("The last record is torn (the run was killed while writing it); it is left out.")
    if tally.total.n and not tally.total.scores.n:
        out.append(f"No {tally.trial_noun} has a score.")
    out += [f"{line[0].upper()}{line[1:]}." for line in tally.shortfalls()]
    out += mock_warning(tally)
    out += shadow_warning(tally)
    if tally.contradicted:
        won, _ = successes(tally.total.outcomes)
        out.append(f"Judge and checks disagree: {tally.contradicted} of the {won} matches judged {tally.outcomes[0]} "
                   "failed at least one mechanical check. Read the checks before the scores.")  # fmt: skip
    return join(tag("p", text, class_="banner", role="note") for text in out)


def results(tally: Tally) -> Markup:
    """Return outcomes and dimensions, as figures and tables."""
    bar = drawn(outcomes_figure(tally), f"Every {tally.trial_noun} of the plan; grey parts are in no mean score.")
    parts = [pair(bar, _endings(tally))]
    if tally.total.scores.n:
        note = f"Points are means, lines 95 % intervals that take the {tally.unit_noun} as the unit."
        if verified_in(tally.total).scores.n:
            note += " Round: as judged. Square: verified."
        parts.append(pair(drawn(dimensions_figure(tally), note), _dimension_table(tally)))
    return join(parts)


def _endings(tally: Tally) -> Markup:
    """Return how many matches ended in which way, as judged and by verified outcomes."""
    planned, verified, aborted = tally.planned, dict(verified_in(tally.total).outcomes), tally.total.statuses["aborted"]
    known = verified_in(tally.total).n
    if aborted and sum(verified.values()) == sum(tally.total.outcomes.values()):
        verified[tally.outcomes[-1]] -= aborted  # they have the worst outcome, and a row of their own
    heads = ["How it ended", tally.trial_nouns.capitalize(), "Of the plan", *(["By verified outcome"] if known else [])]
    rows = []
    for mark, n in outcome_counts(tally):
        graded = mark.shade.startswith("o")
        if not (n or graded):
            continue
        name = join([tag("b", mark.letter, class_=mark.shade), mark.word])
        row = [name, str(n), percent(n / planned if planned else None)]
        if known:
            row.append(str(verified.get(mark.word, 0)) if graded else "")
        rows.append(row)
    return table(heads, rows, f"How {tally.trial_nouns} ended")


def _dimension_table(tally: Tally) -> Markup:
    verified = verified_in(tally.total).scores.n > 0
    heads = ["Dimension" if tally.judged else "Score", "Mean" + as_judged(tally), "95 % interval", "SD", "n"]
    heads += ["Mean, verified", "95 % interval", "n"] if verified else []
    deviations = tally.total.scores.deviations()
    rows = []
    for name in tally.dimensions:
        row = [name, number(tally.mean(name)), span(tally.interval(name)), number(deviations[name]),
               str(tally.total.scores.count(name))]  # fmt: skip
        if verified:
            row += [
                number(tally.mean(name, True)),
                span(tally.interval(name, True)),
                str(verified_in(tally.total).scores.count(name)),
            ]
        rows.append(row)
    return table(heads, rows, "Scores by dimension")


def checks(tally: Tally) -> Markup:
    """Return the mechanical checks and their rates."""
    found = checks_in(tally.total)
    if not found.n:
        return tag("p", "No mechanical check was made in this run.")
    rows = [(tally.parts.checks.get(name, name), f"{found.passed[name]} of {n}", percent(found.passed[name] / n),
             span(wilson(found.passed[name], n), 100, 1)) for name, n in found.made.items()]  # fmt: skip
    out = [table(("Check", "Passed", "Rate", "95 % interval, %"), rows, "Mechanical checks")]
    if found.results:
        verdicts = ", ".join(f"{n} {name}" for name, n in sorted(found.results.items()))
        values = f"Values shown in public: {found.artefacts}, of them real: {found.artefacts_real}."
        unused = f"Tool calls whose answer nobody used: {found.calls_unused}."
        out.append(tag("p", f"Agreed results: {verdicts}. {values} {unused}"))
    return join(out)


def ledgers(tally: Tally) -> Markup:
    """Return what the ledgers of all matches add up to, and the caps that follow; nothing where there is none."""
    found = verified_in(tally.total)
    rows = [[reason.replace("_", " "), str(n)] for reason, n in sorted(found.caps.items())]
    caps = None
    if found.n:
        lowered = f"Grades were lowered in {found.capped} of {found.scores.n} matches that have verified scores."
        caps = join([tag("p", lowered), table(("Why", "Matches"), rows, "Reasons of caps") if rows else None])
    counts = class_counts(tally.claims) if tally.claims else None
    if counts is None and caps is None:
        return Markup("")
    return join([tag("h3", "Ledger of claims, and the caps on grades"), counts, caps])


def by_label(tally: Tally) -> Markup:
    """Return a table and a figure for each label that has more than one value."""
    parts = []
    for label, groups in sorted(tally.labels.items()):
        if len(groups) < 2:
            continue
        name = label.replace("_", " ")
        verified = ["Success, verified"] if verified_in(tally.total).n else []
        rows = []
        for value, group in sorted(groups.items(), key=lambda item: str(item[0])):
            won, n = successes(group.outcomes)
            means = group.scores.means()
            rows.append([value, str(group.n), percent(won / n) if n else "-",
                         span(success_interval(group.outcomes), 100, 1), *verified_rate(group, bool(verified)),
                         *(number(means[d]) for d in tally.dimensions), str(group.n - group.scores.n)])  # fmt: skip
        heads = [name, "n", "Success", "95 % interval, %", *verified, *tally.dimensions, "In no mean"]
        parts.append(tag("h3", f"By {name}"))
        parts.append(drawn(label_figure(tally, label), f"Success rate by {name}; lines are Wilson's 95 % intervals."))
        whole = table(heads, rows, f"Results by {name}")
        if len(rows) > MAX_OPEN_ROWS:
            whole = tag("details", tag("summary", f"{len(rows)} values, as a table"), whole)
        parts.append(whole)
    return join(parts) if parts else tag("p", "No label has more than one value in this run.")


def usage(tally: Tally) -> Markup:
    """Return calls, tokens and cost."""
    players, judge = tally.usage["players"].counts(), tally.usage["judge"].counts()
    rows = [[name.replace("_", " "), f"{players[name]:,}", *([f"{judge[name]:,}"] if tally.judged else [])]
            for name in sorted(players) if players[name] or judge[name]]  # fmt: skip
    cost = tally.summary.get("cost_usd") if tally.finished else None
    if not isinstance(cost, dict):
        said = "Cost: not known, the run is not finished."
    else:
        said = f"Cost: {cost.get('usd', 0):.4f} US dollars by the price table of the run."
        if cost.get("unpriced"):
            said += f" Without a price, so not in it: {clipped(', '.join(map(str, cost['unpriced'])), 600)}."
    cached, prompts = (players[name] + judge[name] for name in ("cached_prompt_tokens", "prompt_tokens"))
    if cached and prompts:
        said += f" {percent(cached / prompts)} of the prompt tokens came from a cache."
    if any(side.estimated for side in tally.usage.values()):
        said += " 'Estimated' counts calls whose tokens were estimated, because the provider did not count them."
    return join(
        [table(("", "Players", *(["Judge"] if tally.judged else [])), rows, "Calls and tokens"), tag("p", said)]
    )


def caveat_list(tally: Tally) -> Markup:
    """Return what these figures do not say."""
    return tag("ul", *(tag("li", prose(text)) for text in caveats(tally)))
