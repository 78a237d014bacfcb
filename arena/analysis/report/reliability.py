"""The part of the overview on repetitions: pass@k, pass^k, the sources of the error of a mean. Pure.

It shows figures of summary.json (docs/comparing.md); nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tables import pair, table
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import percent, shown, spaced
from arena.formats.tables import number
from arena.records import Json


def reliability(tally: RunTally) -> Markup:
    """Return the tables; nothing if no unit was played twice, or the summary is older than the records."""
    found = tally.summary.get("reliability")
    if not isinstance(found, dict) or not tally.finished:
        return Markup("")
    tables = []
    passes = [one for one in found.get("pass") or [] if isinstance(one, dict)]
    if passes:
        ks = [_pass_row(one) for one in passes]
        head = ("k plays", "one of k succeeds (pass@k)", "all k succeed (pass^k)", f"{tally.unit_noun}s")
        tables.append(table(head, ks, "pass@k and pass^k"))
    split = found.get("variance") or {}
    rows = [_split_row(name, one) for name, one in split.items() if isinstance(one, dict)]
    advice = None
    if rows:
        heads = ("Variance of", f"between {tally.unit_noun}s", "between repetitions", "between judgements",
                 "standard error")  # fmt: skip
        tables.append(table(heads, rows, "variance split"))
        advice = tag("p", _advice(split))
    return join([tag("h3", "Reliability over repetitions"), pair(*tables), advice])


def _advice(split: Mapping[str, Json]) -> str:
    """Return the advice for the next run, with its dimensions."""
    groups: dict[str, list[str]] = {}
    for name, one in split.items():
        if isinstance(one, dict) and one.get("advice"):
            groups.setdefault(str(one["advice"]).partition(":")[0].partition(" (")[0], []).append(spaced(name))
    parts = [said if len(groups) == 1 else f"{said} ({', '.join(names)})" for said, names in groups.items()]
    return f"Where the next run is best spent: {'; '.join(parts)}." if parts else ""


def _pass_row(one: Mapping[str, Json]) -> list[object]:
    rates = percent(one.get("pass_at_k")), percent(one.get("pass_hat_k"))
    return [shown(one.get("k")), *rates, shown(one.get("challenges"))]


def _split_row(name: str, one: Mapping[str, Json]) -> list[object]:
    parts = [number(one.get(part), 3) for part in ("challenge", "repetition", "judge")]
    return [spaced(name), *parts, number(one.get("standard_error"), 3)]
