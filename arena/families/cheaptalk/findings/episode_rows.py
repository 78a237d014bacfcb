"""The findings about one episode, as rows of the report page. Pure."""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.detail import EpisodeDetail
from arena.formats.tables import number


def episode_rows(detail: EpisodeDetail) -> list[tuple[str, str]]:
    """Return (name, text) of the findings about one episode."""
    condition, read, evidence, paid = detail.condition, detail.read, detail.evidence, detail.payoff
    acted = "" if condition.acted == condition.deviation else f", acted {condition.acted} here"
    behaved = {None: "not checked", True: "it did", False: "it did not"}[detail.behaved]
    rows = [
        ("Truth", f"{detail.task.label.value}: {detail.task.claim}"),
        ("Decision", _label(read.predicted, read.predicted_unread)),
        ("The sender said", _label(read.asserted, read.asserted_unread)),
        ("The sender believes", _label(read.belief, read.belief_unread)),
        ("Deviation", f"{condition.deviation}{acted}; did the sender do what it asks? {behaved}"),
        ("Evidence shown", "; ".join(evidence.pieces) or ("said to be given" if evidence.provided else "none")),
    ]
    if evidence.held:
        rows += [
            ("Gold sentences shown", "; ".join(evidence.gold_shown) or "none"),
            ("Gold sentences kept back", "; ".join(evidence.gold_kept) or "none"),
            ("Distractors shown", "; ".join(evidence.distractors_shown) or "none"),
            ("Invented", "; ".join(evidence.invented) or "nothing"),
        ]
    verifier, parts = detail.verifier, paid.breakdown
    rows.append(("Match", f"{number(verifier.match, 3)} (string {number(verifier.string_match, 3)}, strict"
                          f" {number(verifier.strict_match, 3)})"))  # fmt: skip
    rows.append(
        ("Payoff", f"{paid.paid:.3f} ({paid.name}): quality {parts.quality_score:.3f}, bonus {parts.bonus:.3f}, cost"
                   f" {parts.lambda_cost_term:.3f}, penalty {parts.mu_penalty_term:.3f}; receiver {paid.receiver:.3f}")
    )  # fmt: skip
    if paid.verification_failed is not None:
        rows.append(("Verification", "failed" if paid.verification_failed else "passed"))
    if detail.reputation is not None:
        before, after = detail.reputation.before.score, detail.reputation.after.score
        what = [word for word, so in (("slashed", detail.reputation.slashed), ("redeemed", detail.reputation.redeemed),
                                      ("forced verification", detail.reputation.forced)) if so]  # fmt: skip
        rows.append(("Reputation", f"{before:.3f} to {after:.3f}" + (f" ({', '.join(what)})" if what else "")))
    return rows


def _label(label: Label | None, unread: str) -> str:
    return f"not readable ({unread or 'nothing was said'})" if label is None else label.value
