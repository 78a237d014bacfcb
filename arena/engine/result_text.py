"""What a run says at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from arena.families.crypto.verified_rates import verified_line
from arena.formats.tables import join_lines, number, text_table
from arena.records import Json


def summary_text(summary: Mapping[str, Json], run_dir: Path) -> str:
    """Return the table of outcomes by challenge, the means, and where the results are."""
    dimensions = list(summary["mean_scores"])
    short = [_short(name) for name in dimensions]
    noun = summary["unit_noun"]
    header = [noun, "n", "outcome", *short, "not scored"]
    rows = [_row(unit[f"{noun}_id"], unit, dimensions) for unit in summary[f"per_{noun}"]]
    rows.append(_row("all", summary, dimensions))
    table = text_table(header, rows, frozenset({1, *range(3, 4 + len(short))}))
    checked = verified_line(summary)
    lines = [
        table,
        "",
        _counts(summary),
        *([checked] if checked else []),
        *_by(summary),
        _calculator(summary),
    ]
    lines.append(f"results: {run_dir}")
    return join_lines(lines)


def _row(name: str, group: Mapping[str, Json], dimensions: list[str]) -> list[str]:
    outcomes = group["outcomes"]
    total = group.get("n", group.get("n_matches", 0))
    said = " ".join(f"{count} {label}" if total > 1 else label for label, count in outcomes.items() if count)
    means = [number(group["mean_scores"][name]) for name in dimensions]
    return [name, str(total), said or "-", *means, left_out(group) or "-"]


def left_out(group: Mapping[str, Json]) -> str:
    """Return how many matches of a summary, or of a group in it, are in no mean, and why; empty where all are."""
    counts = {status: group["statuses"][status] for status in ("error", "denied", "limit", "aborted")}
    counts["unscored"] = group["unscored"]
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _short(dimension: str) -> str:
    return dimension.split("/")[0].strip().split(" ")[0].lower()


def _counts(summary: Mapping[str, Json]) -> str:
    statuses = summary["statuses"]
    parts = [f"{statuses['done']} of {summary['n_planned']} matches finished"]
    parts += [f"{statuses[status]} {status}" for status in ("aborted", "denied", "limit", "error") if statuses[status]]
    rate = summary["success_rate"]
    if rate is not None:
        parts.append(f"success rate {rate:.1%}")
    tools = summary["usage"]["players"]
    parts.append(f"{tools['tool_calls']} calculator calls ({tools['tool_errors']} answered with an error)")
    if tools["malformed"]:
        parts.append(f"{tools['malformed']} malformed")
    return "; ".join(parts)


def _calculator(summary: Mapping[str, Json]) -> str:
    if "source" in summary:
        return f"calculator of the matches: {summary['source']['calculator'].get('provider')}"
    return f"calculator: {summary['calculator']['provider']}"


def _by(summary: Mapping[str, Json]) -> list[str]:
    models = summary["models"]
    lines = [f"players: {models['participant']}; judge: {models['judge']}"]
    if models["roles"]:
        lines.append("roles: " + ", ".join(f"{role}={label}" for role, label in models["roles"].items()))
    judge = summary["usage"]["judge"]
    players = summary["usage"]["players"]
    if "source" in summary:  # their tokens were spent by the run that is judged again
        lines.append(f"matches of the run {summary['source']['identity_sha256'][:8]}; no player was called")
        players = dict.fromkeys(players, 0)
    cost = summary["cost_usd"]
    spent = [
        f"{players[name] + judge[name]:,} {name.replace('_', ' ')}" for name in ("prompt_tokens", "completion_tokens")
    ]
    if players["estimated"] + judge["estimated"]:
        spent[-1] += " (estimated)"
    if cost["usd"]:
        spent.append(f"${cost['usd']:,.4f}")
    if cost["unpriced"]:
        spent.append(f"cost of {', '.join(cost['unpriced'])} not known (--prices)")
    lines.append("spent: " + ", ".join(spent))
    return lines
