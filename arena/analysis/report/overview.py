"""The overview of one run: headline figures and their limits, dimensions, checks, usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.caveats import caveats, mock_warning, shadow_warning
from arena.analysis.report.figures import (
    checks_figure,
    dimensions_figure,
    grades_figure,
    label_figure,
    outcome_counts,
    outcomes_figure,
)
from arena.analysis.report.ledger import class_counts
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tables import beside, drawn, pair, prose, table
from arena.analysis.report.tally import (
    RunTally,
    checks_in,
    mean_in,
    success_interval,
    successes,
    verified_in,
    verified_rate,
)
from arena.analysis.report.values import NBSP, clipped, percent, percent_span, spaced, span
from arena.formats.tables import number
from arena.records import STATUSES
from arena.stats.intervals import wilson

MAX_OPEN_ROWS = 12
"""Most values of a label for which its table is open."""


def what_was_run(tally: RunTally) -> str:
    """Return one sentence: the players, the challenges, the judge."""
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


def headline(tally: RunTally) -> Markup:
    """Return the figures a reader sees first."""
    total = tally.total
    won, n = successes(total.outcomes)
    best = tally.outcomes[0] if tally.outcomes else "success"
    cards = []
    if tally.outcomes:
        interval = _within(percent_span(success_interval(total.outcomes)))
        sub = f"{won} of {n} {tally.trial_nouns} with an outcome; {interval}"
        if n != tally.planned:
            sub += f"; {percent(won / tally.planned)} of the {tally.planned} planned"
        by = ", by the judge" if tally.judged else ""
        cards.append(
            _card(
                f"{best} rate{by}",
                percent(won / n if n else None),
                sub if n else f"no {tally.trial_noun} has an outcome",
            )
        )
        won, n = successes(verified_in(total).outcomes)
        if n:
            sub = f"{won} of {n}; {_within(percent_span(success_interval(verified_in(total).outcomes)))}"
            cards.append(_card(f"{best} rate, verified", percent(won / n), sub))
        elif tally.parts.verifies:
            cards.append(_card(f"{best} rate, verified", "-", "this run has no verified scores"))
    means = [(mean, name) for name in tally.dimensions if (mean := tally.mean(name)) is not None]
    if means:
        mean, name = min(means) if tally.averaged else means[0]
        top = f" of {tally.parts.scale[1]:g}" if tally.parts.scale else ""
        bounds = tally.interval(name)
        sub = _within(span(bounds)) if bounds else "interval unknown"
        sub = f"{spaced(name)}; {sub}" if tally.averaged else sub
        title = f"Lowest mean{as_judged(tally)}" if tally.averaged else f"Mean {spaced(name)}"
        cards.append(_card(title, f"{mean:.2f}{top}", sub))
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


def _within(interval: str) -> str:
    return f"95{NBSP}% interval {interval}"


def as_judged(tally: RunTally) -> str:
    """Return the note in the heading of a mean about the source of its scores; empty without a judge."""
    return ", as judged" if tally.judged else ""


def not_in_means(tally: RunTally) -> list[tuple[str, int]]:
    """Return the matches that the means leave out: those without a score, and those not played."""
    total = tally.total
    names = {"limit": "stopped by a limit", "pending": "awaiting their judge"}
    counts = [(names.get(status, status), total.statuses[status]) for status in STATUSES[1:]]
    return [*counts, ("unscored", total.unscored), ("not played", max(0, tally.planned - total.n))]


def _claims_card(claims: Mapping[str, int]) -> Markup:
    """Return how many of the claims in public turns a computation supports."""
    whole, computed, wrong = sum(claims.values()), claims.get("computed", 0), claims.get("wrong", 0)
    asserted = claims.get("asserted", 0)
    sub = f"{computed:,} of {whole:,} claims in public turns; {asserted:,} from nowhere, {wrong:,} wrong"
    share = percent(computed / whole if whole else None)
    return _card("Claims that were computed", share, sub if whole else "no claim was made")


def _card(title: str, value: str, sub: object, bad: bool = False) -> Markup:
    parts = tag("h3", title), tag("p", value, class_="big"), tag("p", sub)
    return tag("div", *parts, class_="card bad" if bad else "card")


def banners(tally: RunTally) -> Markup:
    """Return the warnings: unfinished run, torn record, mock models, checks that contradict the judge."""
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


def results(tally: RunTally) -> Markup:
    """Return outcomes, dimensions and grades, as figures next to their tables."""
    note = f"Every {tally.trial_noun} of the plan; grey parts are in no mean score."
    parts = [pair(drawn(outcomes_figure(tally), note, outcomes_figure(tally, True)), _endings(tally))]
    if tally.total.scores.n:
        note = f"Points are means, lines 95 % intervals that take the {tally.unit_noun} as the unit."
        if verified_in(tally.total).scores.n:
            note += " Round: as judged. Square: verified."
        figure = drawn(dimensions_figure(tally), note, dimensions_figure(tally, True))
        parts.append(pair(figure, _dimension_table(tally)))
    return join([*parts, grade_counts(tally)])


def _endings(tally: RunTally) -> Markup:
    """Return how many matches ended in which way, as judged and by verified outcomes."""
    planned, verified, aborted = tally.planned, dict(verified_in(tally.total).outcomes), tally.total.statuses["aborted"]
    known = verified_in(tally.total).n
    if aborted and sum(verified.values()) == sum(tally.total.outcomes.values()):
        verified[tally.outcomes[-1]] -= aborted  # they have the worst outcome, and their own row
    heads = ["How it ended", tally.trial_nouns.capitalize(), "Of the plan", *(["By verified outcome"] if known else [])]
    rows = []
    for mark, n in outcome_counts(tally):
        graded = mark.shade.startswith("o")
        if not (n or graded):
            continue
        row = [tag("b", mark.word, class_=mark.shade), str(n), percent(n / planned if planned else None)]
        if known:
            row.append(str(verified.get(mark.word, 0)) if graded else "")
        rows.append(row)
    return table(heads, rows, f"How {tally.trial_nouns} ended")


def _dimension_table(tally: RunTally) -> Markup:
    verified = verified_in(tally.total).scores
    heads = [
        "Dimension" if tally.judged else "Score",
        "As judged" if tally.judged else "Mean",
        f"95{NBSP}% interval",
        "SD",
        "n",
    ]
    heads += ["Verified", f"95{NBSP}% interval", *(["n"] if verified.n != tally.total.scores.n else [])] * (
        verified.n > 0
    )
    deviations = tally.total.scores.deviations()
    rows = []
    for name in tally.dimensions:
        row = [spaced(name), number(tally.mean(name)), span(tally.interval(name)), number(deviations[name]),
               str(tally.total.scores.count(name))]  # fmt: skip
        if verified.n:
            row += [number(tally.mean(name, True)), span(tally.interval(name, True))]
            row += [str(verified.count(name))] * (verified.n != tally.total.scores.n)
        rows.append(row)
    return table(heads, rows, "Scores by dimension")


def grade_counts(tally: RunTally) -> Markup:
    """Return how often each grade was given; nothing if grades are not whole numbers of a small scale."""
    grades = tally.grades
    if not grades.levels or not tally.total.scores.n:
        return Markup("")
    verified = verified_in(tally.total).scores.n > 0
    low, high = grades.levels[0], grades.levels[-1]
    note = f"Share of matches with each grade, {low} (red) to {high} (green)."
    note += " Wide bars: as judged. Thin bars: verified." if verified else ""
    rows = []
    for name in grades.names:
        counts = grades.given(name, False).values()
        row = [spaced(name), *map(str, counts)]
        if verified:
            _, *steps = grades.lowered(name)
            row += map(str, steps)
        rows.append(row)
    heads = ["Dimension", *(f"Grade {grade}" for grade in grades.levels)]
    heads += [f"Verified {lower} lower" for lower in ("1", "2", "3 or more")] if verified else []
    title = "Grades, and what verification took from them" if verified else "Grades"
    return join([tag("h3", title), beside(grades_figure(tally, True), note, table(heads, rows, title))])


def checks(tally: RunTally) -> Markup:
    """Return the mechanical checks and their rates, and how they go with the judge's outcomes."""
    found = checks_in(tally.total)
    if not found.n:
        return tag("p", "No mechanical check was made in this run.")
    words = tally.parts.checks
    rows = [(words.get(name, spaced(name)), f"{found.passed[name]} of {n}", percent(found.passed[name] / n),
             percent_span(wilson(found.passed[name], n))) for name, n in found.made.items()]  # fmt: skip
    figure = drawn(checks_figure(tally), "Share of matches that passed; lines are Wilson's 95 % intervals.",
                   checks_figure(tally, True))  # fmt: skip
    out = [pair(figure, table(("Check", "Passed", "Rate", f"95{NBSP}% interval"), rows, "Mechanical checks"))]
    if found.results:
        results = tally.parts.result_words
        verdicts = ", ".join(f"{n} {results.get(name, name)}" for name, n in sorted(found.results.items()))
        values = f"Values shown in public: {found.artefacts:,}, of them real: {found.artefacts_real:,}."
        unused = f"Tool calls whose answer nobody used: {found.calls_unused:,}."
        out.append(tag("p", f"Agreed results: {verdicts}. {values} {unused}"))
    out.append(judge_and_checks(tally))
    return join(out)


MOST_FAILED = 4
"""Number of failed checks from which matches share one column: a column for each number is too wide."""


def judge_and_checks(tally: RunTally) -> Markup:
    """Return the judge's outcomes against the checks: how many checks failed, and how often each."""
    grades = tally.grades
    labels = [label for label in tally.outcomes if label in grades.failed]
    if not labels:
        return Markup("")
    most = min(max(len(row) for row in grades.failed.values()), MOST_FAILED + 1)
    rows, words, sizes = [], [], []
    for label in labels:
        mark = tally.marks.outcome(label)
        counts = grades.failed[label]
        words.append(mark.word)
        sizes.append(sum(counts))
        folded = [*counts[:MOST_FAILED], sum(counts[MOST_FAILED:])]
        numbers = (str(folded[k]) if k < len(folded) else "0" for k in range(most))
        rows.append([tag("b", mark.word, class_=mark.shade), str(sizes[-1]), *numbers])
    broken = []
    for check in checks_in(tally.total).made:
        shares = (percent(grades.broken.get((label, check), 0) / n) for label, n in zip(labels, sizes, strict=True))
        broken.append([tally.parts.check_names.get(check, spaced(check)), *shares])
    more = f"{MOST_FAILED} or more"
    heads = ["As judged", "Matches", *(("All passed", *(f"{k} failed" for k in range(1, MOST_FAILED)), more)[:most])]
    left = join([tag("p", "Matches by the judge's outcome and the number of checks that failed. A judge who sees what "
                          "the checks see has the failures at the bottom right."),
                 table(heads, rows, "Outcomes by failed checks")])  # fmt: skip
    right = join([tag("p", "The share of the matches of each outcome in which a check failed: a high share under a "
                           "good outcome is what the judge passed over."),
                  table(["Check", *words], broken, "Failed checks by outcome")])  # fmt: skip
    return join([tag("h3", "The judge against the checks"), pair(left, right)])


def ledgers(tally: RunTally) -> Markup:
    """Return the totals over the ledgers of all matches, and the caps that follow; empty if there are none."""
    found = verified_in(tally.total)
    words = tally.parts.cap_reasons
    ranked = sorted(found.caps.items(), key=lambda one: (-one[1], one[0]))
    rows = [[words.get(reason, spaced(reason)), str(n)] for reason, n in ranked]
    caps = None
    if found.n:
        lowered = f"Grades were lowered in {found.capped} of {found.scores.n} matches that have verified scores."
        caps = join([tag("p", lowered), table(("Why", "Matches"), rows, "Reasons of caps") if rows else None])
    counts = class_counts(tally.claims) if tally.claims else None
    if counts is None and caps is None:
        return Markup("")
    left = join([tag("p", "Basis of the claims in public turns:"), counts]) if counts else Markup("")
    return join([tag("h3", "Ledger of claims, and the caps on grades"), pair(left, caps or Markup(""))])


def by_label(tally: RunTally) -> Markup:
    """Return a table and a figure for each label that has more than one value."""
    parts = []
    for label, groups in sorted(tally.labels.items()):
        if len(groups) < 2:
            continue
        name = spaced(label)
        whole = _label_table(tally, label)
        if len(groups) > MAX_OPEN_ROWS:
            whole = tag("details", tag("summary", f"{len(groups)} values, as a table"), whole)
        note = f"Success rate by {name}; lines are Wilson's 95 % intervals."
        parts += [tag("h3", f"By {name}"), beside(label_figure(tally, label, True), note, whole)]
    return join(parts) if parts else tag("p", "No label has more than one value in this run.")


def _label_table(tally: RunTally, label: str) -> Markup:
    verified = ["Verified"] if verified_in(tally.total).n else []
    lost = ["In no mean"] if tally.total.n > tally.total.scores.n else []
    rows = []
    for value, group in tally.in_order(label):
        won, n = successes(group.outcomes)
        rows.append([spaced(str(value)), str(group.n), percent(won / n if n else None),
                     percent_span(success_interval(group.outcomes)), *verified_rate(group, bool(verified)),
                     *(number(mean_in(group, d)) for d in tally.dimensions),
                     *([str(group.n - group.scores.n)] if lost else [])])  # fmt: skip
    heads = [spaced(label), "n", "Success", f"95{NBSP}% interval", *verified, *map(spaced, tally.dimensions), *lost]
    return table(heads, rows, f"Results by {spaced(label)}")


def caveat_list(tally: RunTally) -> Markup:
    """Return the limits of these figures."""
    return tag("ul", *(tag("li", prose(text)) for text in caveats(tally)), class_="twocol")
