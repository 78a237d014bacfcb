"""What a run says at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from arena.engine.shortfalls import flagged_line
from arena.families.contract import Family
from arena.families.spec import Need
from arena.formats.tables import join_lines, number, text_table
from arena.records import STATUSES, Json

WITHOUT_TOOLS = "Players could compute nothing, so grades say little; drop --calculator-provider none for tools"


def summary_text(summary: Mapping[str, Json], family: Family, run_dir: Path) -> str:
    """Return the table of outcomes by unit, the means, the family's own lines, and where the results are."""
    dimensions = list(summary["mean_scores"])
    short = [_short(name) for name in dimensions]
    noun = summary["unit_noun"]
    outcome = ["outcome"] if summary["outcomes"] else []
    header = [noun, "n", *outcome, *short, "not scored"]
    rows = [_row(unit[f"{noun}_id"], unit, dimensions) for unit in summary[f"per_{noun}"]]
    rows.append(_row("all", summary, dimensions))
    first = 2 + len(outcome)
    table = text_table(header, rows, frozenset({1, *range(first, first + len(short))}))
    lines = [table, "", _counts(summary, family), flagged_line(summary), *family.lines(summary), *_by(summary)]
    if family.spec.tools is not Need.NONE:
        lines.append(_calculator(summary, family))
    lines.append(f"results: {run_dir}")
    return join_lines(lines)


def _row(name: str, group: Mapping[str, Json], dimensions: Sequence[str]) -> list[str]:
    outcomes = group["outcomes"]
    total = group.get("n", group.get("n_matches", 0))
    said = " ".join(f"{count} {label}" if total > 1 else label for label, count in outcomes.items() if count)
    means = [number(group["mean_scores"][name]) for name in dimensions]
    return [name, str(total), *([said or "-"] if outcomes else []), *means, left_out(group) or "-"]


def left_out(group: Mapping[str, Json]) -> str:
    """Return how many trials of a summary, or of a group in it, are in no mean, and why; empty where all are."""
    counts = {status: group["statuses"].get(status, 0) for status in ("error", "denied", "limit", "aborted", "pending")}
    counts["unscored"] = group["unscored"]
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _short(dimension: str) -> str:
    return dimension.split("/")[0].strip().split(" ")[0].lower()


def _counts(summary: Mapping[str, Json], family: Family) -> str:
    statuses, words = summary["statuses"], family.spec.words
    parts = [f"{statuses['done']} of {summary['n_planned']} {words.trials} finished"]
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
    if "source" in summary:  # their tokens were spent by the run that is scored again
        trials = summary["trial_nouns"][1]
        lines.append(f"{trials} of the run {summary['source']['identity_sha256'][:8]}; no player was called")
        players = dict.fromkeys(players, 0)
    cost = summary["cost_usd"]
    spent = [
        f"{players[name] + judge[name]:,} {name.replace('_', ' ')}" for name in ("prompt_tokens", "completion_tokens")
    ]
    cached = players["cached_prompt_tokens"] + judge["cached_prompt_tokens"]
    prompts = players["prompt_tokens"] + judge["prompt_tokens"]
    if cached and prompts:
        spent[0] += f" ({cached / prompts:.0%} from a cache)"
    if players["estimated"] + judge["estimated"]:
        spent[-1] += " (estimated)"
    if cost["usd"]:
        spent.append(f"${cost['usd']:,.4f}")
    if cost["unpriced"]:
        spent.append(f"cost of {', '.join(cost['unpriced'])} not known (--prices)")
    lines.append("spent: " + ", ".join(spent))
    return lines
