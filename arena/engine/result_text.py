"""The text at the end of a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from arena.engine.overview import overview, unit_table, weakest_units
from arena.engine.progress import duration
from arena.engine.shortfalls import flagged_line
from arena.families.contract import Family
from arena.families.spec import Need
from arena.formats.tables import Block, join_lines
from arena.formats.terminal import wrapped
from arena.records import STATUSES, Json
from arena.settings.places import as_typed_here
from arena.settings.table import PROVIDERS

WITHOUT_TOOLS = "Players could compute nothing, so grades say little; drop --calculator-provider none for tools"


class View(NamedTuple):
    """How a summary is shown.

    `width`: columns of the terminal, None: no limit (a pipe, a log).  `color`: whether colours may be used.
    `table`: one row per unit instead of the weakest units.  `seconds`: duration of playing, None: not shown.
    """

    width: int | None = None
    color: bool = False
    table: bool = False
    seconds: float | None = None


def summary_text(summary: Mapping[str, Json], family: Family, run_dir: Path, view: View) -> str:
    """Return the text at the end of a run: outcomes, means, the weakest units, counts, cost, the place of the results,
    and the next command. Only the table of --table can have more than a screen of lines."""
    lines: list[str] = []
    if view.table:
        lines += [unit_table(summary, view.width), ""]
    lines += [overview(summary, view.width, view.color), ""]
    if not view.table:
        weakest = weakest_units(summary, view.width)
        lines += [*weakest, ""] if weakest else []
    said = [_counts(summary, family, view.seconds), flagged_line(summary), *family.lines(summary), *_by(summary)]
    if family.spec.tools is not Need.NONE:
        said.append(_calculator(summary, family))
    for line in said:
        lines += [line] if isinstance(line, Block) else wrapped(line, view.width)
    report = as_typed_here("python3 -m arena report")
    return join_lines([*lines, f"results: {run_dir}", f"next: {report} {shlex.quote(str(run_dir))}"])


def _counts(summary: Mapping[str, Json], family: Family, seconds: float | None) -> str:
    statuses, words = summary["statuses"], family.spec.words
    took = "" if seconds is None else f" in {duration(seconds)}"
    parts = [f"{statuses['done']} of {summary['n_planned']} {words.trials} finished{took}"]
    parts += [f"{statuses[status]} {status}" for status in STATUSES[1:] if statuses.get(status)]
    rate = summary["success_rate"]
    if rate is not None:
        parts.append(f"success rate {rate:.1%}")
        planned = summary["success_rate_planned"]
        if planned is not None and summary["coverage"] < 1:
            parts[-1] += f" of those with an outcome, {planned:.1%} of the {summary['n_planned']} planned"
    tools = summary["usage"]["players"]
    if family.spec.tools is not Need.NONE or tools["tool_calls"]:
        parts.append(f"{tools['tool_calls']} tool calls ({tools['tool_errors']} answered with an error)")
    if tools["malformed"]:
        parts.append(f"{tools['malformed']} malformed")
    return "; ".join(parts)


def _calculator(summary: Mapping[str, Json], family: Family) -> str:
    if "source" in summary:
        return f"calculator of the {family.spec.words.trials}: {summary['source']['calculator'].get('provider')}"
    provider = summary["calculator"]["provider"]
    return f"calculator: {provider}" + (f". {WITHOUT_TOOLS}" if provider == "none" else "")


def players_text(models: Mapping[str, Json]) -> str:
    """Return who plays, from the identity's models, as readers name it."""
    if models["participant"] is not None:
        return str(models["participant"])
    return ", ".join(models["roster"]) or "no models"


def _by(summary: Mapping[str, Json]) -> list[str]:
    models = summary["models"]
    judged = f"; judge: {models['judge']}" if models["judge"] is not None else ""
    lines = [f"players: {players_text(models)}{judged}"]
    if models["roles"]:
        lines.append("roles: " + ", ".join(f"{role}={label}" for role, label in models["roles"].items()))
    judge = summary["usage"]["judge"]
    players = summary["usage"]["players"]
    if "source" in summary:  # the run that is scored again spent their tokens
        trials = summary["trial_nouns"][1]
        lines.append(f"{trials} of the run {summary['source']['identity_sha256'][:8]}; no player was called")
        players = dict.fromkeys(players, 0)
    if _plays_offline(summary):
        return lines  # nothing was billed: tokens of mock models are estimates
    spent = _spent(players, judge)
    cost = summary["cost_usd"]
    if cost["usd"]:
        spent.append(f"${cost['usd']:,.4f}")
    if cost["unpriced"]:
        spent.append(f"cost of {', '.join(cost['unpriced'])} not known (--prices)")
    lines.append("spent: " + ", ".join(spent))
    return lines


def _plays_offline(summary: Mapping[str, Json]) -> bool:
    """Return whether no model of the run is behind a network."""
    models = summary["models"]
    labels = [*models["roster"], *models["panel"], *([models["judge"]] if models["judge"] else [])]
    rows = [PROVIDERS.get(label.partition("/")[0]) for label in labels]
    return all(row is not None and row.offline for row in rows)


def _spent(players: Mapping[str, Json], judge: Mapping[str, Json]) -> list[str]:
    """Return the tokens of a run as parts of a sentence."""
    spent = [
        f"{players[name] + judge[name]:,} {name.replace('_', ' ')}" for name in ("prompt_tokens", "completion_tokens")
    ]
    cached = players["cached_prompt_tokens"] + judge["cached_prompt_tokens"]
    prompts = players["prompt_tokens"] + judge["prompt_tokens"]
    if cached and prompts:
        spent[0] += f" ({cached / prompts:.0%} from a cache)"
    if players["estimated"] + judge["estimated"]:
        spent[-1] += " (estimated)"
    return spent
