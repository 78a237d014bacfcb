"""Calls, tokens, dollars and seconds: by model and part, and match by match. Pure except timings.jsonl."""

from __future__ import annotations

from arena.analysis.report.bill import PLAYERS, Line
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tables import drawn, pair, table
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import clipped, dollars, percent, spaced
from arena.formats.plots import NARROW, WIDTH, clip, figure
from arena.formats.svg import Element, element

_PARTS = (
    ("prompt", "raw", lambda line: _plain(line)),
    ("cached prompt", "o1", lambda line: line.used.cached_prompt_tokens),
    ("written to a cache", "o2", lambda line: line.used.cache_write_tokens),
    ("completion", "ver", lambda line: line.used.completion_tokens - line.used.reasoning_tokens),
    ("reasoning", "o3", lambda line: line.used.reasoning_tokens),
)
"""Name, colour and tokens of each part of a bill; together they are all tokens of a line."""


def _plain(line: Line) -> int:
    return max(0, line.used.prompt_tokens - line.used.cached_prompt_tokens - line.used.cache_write_tokens)


def spending(tally: RunTally) -> Markup:
    """Return tokens and dollars by model and part, and the counts of calls."""
    lines = tally.bill.lines()
    if not lines:
        return tag("p", "No model was called.")
    shown = [part for part in _PARTS if any(part[2](line) for line in lines)]
    rows = []
    for line in lines:
        row = [f"{line.model}, {line.part}", f"{line.used.calls:,}", *(f"{part[2](line):,}" for part in shown)]
        if tally.bill.priced:
            row.append("no price" if line.dollars is None else dollars(sum(line.dollars)))
        rows.append(row)
    heads = ["Model and part", "Calls", *(f"{name} tokens" for name, _, _ in shown)]
    heads += ["Cost"] if tally.bill.priced else []
    picture = drawn(tokens_figure(lines), "Tokens by model and part.", tokens_figure(lines, True))
    return join([pair(picture, table(heads, rows, "Tokens by model and part")), _dollar_parts(tally, lines),
                 tag("p", _cost(tally)), _counts(tally)])  # fmt: skip


def tokens_figure(lines: list[Line], narrow: bool = False) -> Element:
    """Return a bar per model and part, as long as its tokens, in the colours of the parts of a bill."""
    room, left, pitch, lead = (NARROW, 0.0, 46.0, 18.0) if narrow else (WIDTH, 196.0, 32.0, 0.0)
    most = max(sum(part[2](line) for part in _PARTS) for line in lines) or 1
    parts: list[Element] = []
    for number, line in enumerate(lines):
        y = pitch * number + lead + 4
        words = {"x": 0.0, "y": y - 5} if narrow else {"x": left - 12, "y": y + 15}
        parts.append(element("text", clip(f"{line.model}, {line.part}", 44 if narrow else 27), **words, class_="ink",
                             text_anchor="start" if narrow else "end"))  # fmt: skip
        x = left
        for name, shade, count in _PARTS:
            width = (room - left) * count(line) / most
            if count(line):
                told = element("title", f"{name}: {count(line):,}")
                parts.append(element("rect", told, x=x, y=y, width=max(width, 0.5), height=22.0, class_=shade))
            x += width
    y = pitch * len(lines) + 18
    x = left
    for name, shade, count in _PARTS:
        if any(count(line) for line in lines):
            if x > left and x + 26 + 7 * len(name) > room:
                x, y = left, y + 18
            parts.append(element("rect", x=x, y=y - 10, width=11.0, height=11.0, class_=shade))
            parts.append(element("text", name, x=x + 16, y=y, class_="ink"))
            x += 34 + 7 * len(name)
    return figure("Tokens by model and part", y + 8, *parts, width=room)


def _dollar_parts(tally: RunTally, lines: list[Line]) -> Markup | None:
    if not tally.bill.priced:
        return None
    rows = [[f"{line.model}, {line.part}", *(("no price",) * 4 if line.dollars is None else map(dollars, line.dollars))]
            for line in lines]  # fmt: skip
    heads = ("Model and part", "Prompt", "Cached prompt", "Written to a cache", "Completion and reasoning")
    return table(heads, rows, "Cost by model and part")


def _cost(tally: RunTally) -> str:
    cost = tally.summary.get("cost_usd") if tally.finished else None
    if not isinstance(cost, dict):
        said = "Cost: not known, the run is not finished."
    else:
        said = f"Cost: {dollars(cost.get('usd', 0))} by the price table of the run."
        if cost.get("unpriced"):
            said += f" Without a price, so not in it: {clipped(', '.join(map(str, cost['unpriced'])), 600)}."
    used = [line.used for line in tally.bill.lines()]
    cached, prompts = sum(one.cached_prompt_tokens for one in used), sum(one.prompt_tokens for one in used)
    if cached and prompts:
        said += f" {percent(cached / prompts)} of the prompt tokens came from a cache."
    if any(one.estimated for one in used):
        said += " 'Estimated' counts calls whose tokens were estimated, because the provider did not count them."
    return said


def _counts(tally: RunTally) -> Markup:
    """Return every counter of players and judge."""
    players, judge = tally.bill.total(PLAYERS).counts(), tally.bill.total("judge").counts()
    rows = [[spaced(name), f"{players[name]:,}", *([f"{judge[name]:,}"] if tally.judged else [])]
            for name in sorted(players) if players[name] or judge[name]]  # fmt: skip
    return tag("details", tag("summary", "All counts"),
               table(["Count", "Players", *(["Judge"] if tally.judged else [])], rows, "Calls and tokens"))  # fmt: skip
