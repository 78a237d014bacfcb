"""Limits of the figures of a run, derived from the run, in words. Pure."""

from __future__ import annotations

from arena.analysis.report.tally import RunTally, checks_in, successes, verified_in

STAND_INS = {
    "mock": "a routine that does not understand texts",
    "scripted": "a script",
    "replay": "a recording of another run",
}
"""Providers without a model -> what they use instead."""


def _stand_in(model: object) -> str | None:
    return STAND_INS.get(str(model).partition("/")[0])


def mock_warning(tally: RunTally) -> list[str]:
    """Return the sentence for the top of a run without models; none if models played and judged."""
    models = tally.run.manifest.identity.models
    out = []
    for who, model in (("The players", models.participant), ("The judge", models.judge)):
        stands = _stand_in(model)
        if stands:
            out.append(f"{who} ({model}): {stands}, no language model.")
    return [" ".join([*out, "The scores say nothing about any model."])] if out else []


def shadow_warning(tally: RunTally) -> list[str]:
    """Return the sentence on top of a run whose policy was not enforced; none if it was."""
    policy = tally.run.manifest.identity.policy
    if policy.get("enforced") is not False:
        return []
    return [f"Shadow mode: the policy {policy['name']} was not enforced. Its decisions are recorded, but calls "
            "that it denied were made."]  # fmt: skip


def caveats(tally: RunTally) -> list[str]:
    """Return one sentence for each thing that was not measured or is less certain than it looks."""
    total, noun, nouns = tally.total, tally.unit_noun, tally.trial_nouns
    out = []
    if total.scores.n and tally.judged:
        out.append("Scores are one judge's grades. Whether this judge notices bad play is measured by"
                   " `arena calibrate`, not here.")  # fmt: skip
    if total.n:
        if tally.parts.verifies and not verified_in(total).n:
            out.append("This run has no verified scores: no grade was capped by facts in the records.")
        out.append(
            "This page believes the records, tool answers included. Whether they are whole, and each answer right, is"
            " what `arena verify` finds out by computing every call again; it proves integrity, not authorship."
        )
    out += _numbers(tally)
    lost = total.n - total.scores.n
    if lost:
        out.append(
            f"{lost} of {total.n} {nouns} have no score and are in no mean. If what kept them from one (an outage, a"
            f" refusal) depends on the {noun}, the means are further off than their intervals say."
        )
    if total.statuses["aborted"] and tally.outcomes:
        out.append(f"{total.statuses['aborted']} aborted {nouns} count as {tally.outcomes[-1]} in the success rate,"
                   " and are in no mean score.")  # fmt: skip
    missing = total.n - checks_in(total).n
    if checks_in(total).n and missing:
        out.append(f"Mechanical checks exist for {checks_in(total).n} of {total.n} {nouns}.")
    if tally.parts.has_tools and tally.run.manifest.identity.calculator["provider"] == "none":
        out.append(f"The players had no calculator: no value in these {nouns} was computed by a tool.")
    out.append(f"What was played is this set of {len(tally.units)} {noun}s; the intervals say how another draw of such"
               f" {noun}s might come out, not how agents act in the world.")  # fmt: skip
    return out


def _numbers(tally: RunTally) -> list[str]:
    total, noun = tally.total, tally.unit_noun
    out = []
    if total.scores.n:
        flat = [name for name in tally.dimensions if tally.interval(name) is None]
        if len(tally.units) < 2:
            out.append(f"One {noun} alone: a mean has no interval.")
        elif flat:
            out.append(f"No interval for {', '.join(flat)}: no {noun} differs from the mean, so the spread is unknown."
                       " It is not zero.")  # fmt: skip
    repeated = max((unit.group.n for unit in tally.units.values()), default=0)
    if repeated == 1:
        one = tally.trial_noun
        out.append(f"Each {noun} was played once: how far a result varies from {one} to {one} is not measured.")
    elif repeated > 1 and successes(total.outcomes)[1]:
        out.append(f"The success rate's interval (Wilson) takes {tally.trial_nouns} as independent. Those of one {noun}"
                   " are not quite that, so the true interval is wider.")  # fmt: skip
    return out
