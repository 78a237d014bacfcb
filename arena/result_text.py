"""What a run says at its end, and what --dry-run says instead of playing. Floor F4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.budget import Price
from arena.dialogue import MAX_REASKS, MAX_UNUSABLE
from arena.judge import RE_ASKS
from arena.records import Json
from arena.tables import number, printable, text_table

JUDGE_ASKS = RE_ASKS + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What --dry-run is about: numbers of the plan, and bounds of one call (None where nothing bounds it)."""

    matches: int
    challenges: int
    max_turns: int
    max_tool_calls_per_turn: int
    tools: bool
    judge_tools: bool
    prompt_chars: int
    max_tokens: int | None
    judge_max_tokens: int | None
    player_price: Price
    judge_price: Price
    unpriced: tuple[str, ...]

    def calls_bound(self) -> int:
        """Return the most model and judge calls that the plan can take.

        A turn takes one call for its public message, at most one for each tool call or re-ask before it.
        """
        tools = self.max_tool_calls_per_turn if self.tools else 0
        turn = 1 + tools + MAX_REASKS + (MAX_UNUSABLE - 1)
        return self.matches * self.max_turns * turn + self.judge_calls_bound()

    def judge_calls_bound(self) -> int:
        """Return the most judge calls: verdicts asked for, and with tools one call for each computation."""
        return self.matches * (JUDGE_ASKS + (self.max_tool_calls_per_turn if self.judge_tools else 0))


def dry_run_text(plan: Plan, header: list[tuple[str, str]]) -> str:
    """Return the plan as text: matches, and upper bounds of calls, completion tokens and cost."""
    rows = [*header, ("matches", str(plan.matches)), ("challenges", str(plan.challenges))]
    likely = plan.matches * (plan.max_turns + 1)
    rows.append(("calls, if every turn is one message", f"{likely:,}"))
    bound = plan.calls_bound()
    rows.append(("calls, upper bound", f"{bound:,}"))
    if plan.max_tokens is None or plan.judge_max_tokens is None:
        missing = [flag for flag, value in (("--max-tokens", plan.max_tokens), ("--judge-max-tokens",
                   plan.judge_max_tokens)) if value is None]  # fmt: skip
        rows.append(("completion tokens, upper bound", f"none without {' and '.join(missing)}"))
        rows.append(("cost, upper bound", "none without a bound of tokens; --max-cost-usd stops a run"))
    else:
        judge_calls = plan.judge_calls_bound()
        tokens = (bound - judge_calls) * plan.max_tokens + judge_calls * plan.judge_max_tokens
        rows.append(("completion tokens, upper bound", f"{tokens:,}"))
        if plan.unpriced:
            rows.append(("cost, upper bound", f"no price for {', '.join(plan.unpriced)} (--prices)"))
        else:
            cost = plan.player_price.completion * (bound - judge_calls) * plan.max_tokens / 1e6
            cost += plan.judge_price.completion * judge_calls * plan.judge_max_tokens / 1e6
            rows.append(("cost of completions, upper bound", f"${cost:,.2f}"))
    rows.append(("system prompts", f"{plan.prompt_chars:,} characters at most, sent with every call"))
    return text_table(["dry run: nothing is played", ""], [list(row) for row in rows])


def summary_text(summary: Mapping[str, Json], run_dir: Path) -> str:
    """Return the table of outcomes by challenge, the means, and where the results are."""
    dimensions = list(summary["mean_scores"])
    short = [_short(name) for name in dimensions]
    noun = summary["unit_noun"]
    header = [noun, "n", "outcome", *short, "not scored"]
    rows = [_row(unit[f"{noun}_id"], unit, dimensions) for unit in summary[f"per_{noun}"]]
    rows.append(_row("all", summary, dimensions))
    table = text_table(header, rows, frozenset({1, *range(3, 4 + len(short))}))
    lines = [table, "", _counts(summary), *_by(summary), f"calculator: {summary['calculator']['provider']}"]
    lines.append(f"results: {run_dir}")
    return printable("\n".join(lines))


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


def _by(summary: Mapping[str, Json]) -> list[str]:
    models = summary["models"]
    lines = [f"players: {models['participant']}; judge: {models['judge']}"]
    if models["roles"]:
        lines.append("roles: " + ", ".join(f"{role}={label}" for role, label in models["roles"].items()))
    players, judge = summary["usage"]["players"], summary["usage"]["judge"]
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
