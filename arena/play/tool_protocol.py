"""How players call the calculator: text -> say, calls, malformed calls, done; results -> text.

docs/tool-protocol.md documents it with examples, and a test runs every one of them through `parse`.
`parse` is linear in the length of the message and never raises.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arena.formats.lenient_json import Broken, Decoded, decode_mended, decode_strict
from arena.play.call_reading import MAX_ITEMS, Call, Done, Item, Malformed, clip, read_items
from arena.play.tool_description import describe
from arena.records import Json

__all__ = [
    "MAX_ITEMS", "Call", "Done", "Malformed", "Parsed", "call_text", "describe", "done_text", "parse",
    "results_message",
]  # fmt: skip

PROTOCOL_VERSION = "tool-protocol/1"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message taken apart.

    `say`: the text without calls and `done`; the message itself, unchanged, where it holds neither.
    `items`: calls and malformed calls in the order of the text.  `done`: set only when `items` is empty.
    """

    say: str
    items: tuple[Call | Malformed, ...]
    done: Done | None


def parse(text: str) -> Parsed:
    """Take a player's message apart; never raises."""
    # The hot path: most messages are talk. A call needs a brace, call tags, or a fence called tool_call.
    if "{" not in text and "<" not in text and "tool_call" not in text:
        return Parsed(text, (), None)
    scan = _Scan(text)
    scan.run()
    return scan.parsed()


# Where a call can begin: call tags, a fence called tool_call, "tool_call:" in front of JSON, or a bare object or list
# whose first characters are those of JSON (or of a broken attempt at it) and not of a set such as {1, 2}.
_START = re.compile(
    r"[<`t{\[]"
    r"(?:(?<=\{)(?=\s*(?:[\"'\u201c\u201d]|\w{1,40}\s*[:=]))"
    r"|(?<=\[)(?=\s*\{)"
    r"|(?<=<)(?P<tag>tool_calls?|function_calls?|tool_use|invoke|function)\b[^<>{}\n]{0,80}>"
    r"|(?<=`)``(?P<fence>tool_calls?)\b[ \t]*"
    r"|(?<=\bt)(?P<word>ool_calls?\s{0,8}[:(=]\s*)(?=[{\[]))"
)
# A line from which reading starts afresh after something broken: it begins with a bracket, a fence or a call tag.
_FRESH = re.compile(r"\n(?=[{\[]|```|<(?:tool_call|function|tool_use|invoke))")
# What makes broken JSON an attempted call and not a quotation.
_ATTEMPT = re.compile(
    r"[\"'\u201c\u201d]?\btool_calls?\b[\"'\u201c\u201d]?\s*[:=]"
    r"|[\"'\u201c\u201d]op[\"'\u201c\u201d]\s*[:=]"
    r"|[{,]\s*op\s*[:=]"
    r"|[\"'](?:name|function)[\"']\s*:\s*[\"'{][^{}]{0,200}[\"'](?:args|arguments|parameters|input)[\"']\s*:"
    r"|\A\s*\{\s*[\"'\u201c\u201d]?done[\"'\u201c\u201d]?\s*:"
)
_SPACE = re.compile(r"[\s,]*")
_OPENER = re.compile(r"(?:(?P<ticks>`+|~~~+)[\w-]*[ \t]*|<(?P<tag>\w+)[^<>{}\n]{0,80}>)\s*\Z")
_CLOSER = re.compile(r"\s*(?:(?P<ticks>`+|~~~+)|</(?P<tag>\w+)>)")
_OPENER_WINDOW = 120


@dataclass(slots=True)
class _Scan:
    """One pass over one message."""

    text: str
    items: list[Call | Malformed] = field(default_factory=list)
    done: list[tuple[Done, str]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    spent: int = 0
    """Characters looked at in JSON that failed to read; bounded, so that a message of traps costs linear time."""
    fresh: list[int] | None = None

    def run(self) -> None:
        text, pos = self.text, 0
        allowed = 8 * len(text) + 100_000
        while (start := _START.search(text, pos)) is not None:
            at = start.start()
            if len(self.items) >= MAX_ITEMS:
                return self._refuse_rest(at, f"a message may hold {MAX_ITEMS} calls: send the rest in another message.")
            if self.spent > allowed:
                return self._refuse_rest(
                    at, "there is too much broken JSON before this to read it: send the call alone."
                )
            pos = self._value(at, explicit=False) if start.lastgroup is None else self._announced(start)

    def _refuse_rest(self, at: int, problem: str) -> None:
        """Make the rest of the message one malformed call, unless nothing in it looks like a call."""
        rest = self.text[at:]
        if _ATTEMPT.search(rest) or "<tool_call" in rest or "```tool_call" in rest:
            self.items.append(Malformed(clip(rest), problem))
            self.cuts.append((at, len(self.text)))

    def _announced(self, start: re.Match[str]) -> int:
        """Read the values after a call tag, fence or word, where everything must be a call; return where to go on."""
        text, begin = self.text, start.start()
        pos = here = start.end()
        while True:
            here = _SPACE.match(text, here).end()  # type: ignore[union-attr]  # it matches the empty string
            if text[here : here + 1] not in ("{", "[") or len(self.items) > MAX_ITEMS:
                break
            pos = here = self._value(here, explicit=True)
        if pos == start.end():
            pos = self._end_of_announced(start)
            self.items.append(
                Malformed(clip(text[begin:pos]), "there is no JSON object where a call was announced: write one there.")
            )
        self.cuts.append((begin, pos))
        return pos

    def _end_of_announced(self, start: re.Match[str]) -> int:
        closer = "```" if start.group("fence") else f"</{start.group('tag')}>"
        end = self.text.find(closer, start.end())
        if end >= 0:
            return end + len(closer)
        line_end = self.text.find("\n", start.end())
        return line_end if line_end >= 0 else len(self.text)

    def _value(self, at: int, explicit: bool) -> int:
        """Read the JSON value at `at`; return where to go on."""
        text = self.text
        found: Decoded | Broken | None
        found, looked = decode_strict(text, at)
        if found is None:
            self.spent += looked
            found = decode_mended(text, at, self._next_fresh(at))
        if isinstance(found, Broken):
            piece = text[at : found.end]
            if explicit or _ATTEMPT.search(piece):
                self.items.append(Malformed(clip(piece), found.problem))
                self.cuts.append((at, found.end))
            return found.end
        items = read_items(found.value, text[at : found.end], explicit, found.repairs)
        if items:
            self.cuts.append((at, found.end))
            self._add(items, text[at : found.end])
        return found.end

    def _add(self, items: list[Item], source: str) -> None:
        for item in items:
            if type(item) is Done:
                self.done.append((item, source))
            elif len(self.items) < MAX_ITEMS:
                self.items.append(item)  # type: ignore[arg-type]  # not a Done
            else:
                problem = f"a message may hold {MAX_ITEMS} calls: send the rest in another message."
                self.items.append(Malformed(clip(source), problem))
                return

    def _next_fresh(self, at: int) -> int:
        if self.fresh is None:
            self.fresh = [match.start() for match in _FRESH.finditer(self.text)]
        index = bisect_right(self.fresh, at)
        return self.fresh[index] if index < len(self.fresh) else len(self.text)

    def parsed(self) -> Parsed:
        if not self.cuts:
            return Parsed(self.text, (), None)
        done = self._settle_done()
        return Parsed(self._rest_of_text(), tuple(_with_unique_ids(self.items)), done)

    def _settle_done(self) -> Done | None:
        """Return the one declaration, or make it malformed where it contradicts another one or stands beside calls."""
        if not self.done:
            return None
        first, source = self.done[0]
        if self.items:
            problem = 'the message holds calls and "done": wait for the results, then send "done" without calls.'
        elif all(repr(other.result) == repr(first.result) for other, _ in self.done):
            return first
        else:
            source = self.done[1][1]
            problem = 'the message says "done" twice with different results: say it once.'
        self.items.append(Malformed(clip(source), problem))
        return None

    def _rest_of_text(self) -> str:
        """The text without what was cut out, and without the fences and tags that held nothing else."""
        text, pieces, last = self.text, [], 0
        for start, end in _joined(self.cuts, text):
            opener = _OPENER.search(text, max(last, start - _OPENER_WINDOW), start)
            closer = _CLOSER.match(text, end)
            if closer and (opener or text[start] in "<`"):
                held = opener or _START.match(text, start)
                if held and (held["tag"] is None) == (closer["tag"] is None):
                    start, end = (opener.start() if opener else start), closer.end()
            pieces.append(text[last:start])
            last = end
        pieces.append(text[last:])
        return "".join(pieces).strip()


def _joined(cuts: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Sort the cuts and join those with nothing but space or commas between them."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(cuts):
        if joined and not text[joined[-1][1] : start].strip(" \t\r\n,"):
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _with_unique_ids(items: list[Call | Malformed]) -> list[Call | Malformed]:
    """Give a call whose id was used before in the message another one, so that results can be told apart."""
    given = [item.id for item in items if type(item) is Call and item.id is not None]
    if len(set(given)) == len(given):
        return items
    seen: set[str] = set()
    unique: list[Call | Malformed] = []
    for item in items:
        if type(item) is Call and item.id is not None:
            if item.id in seen:
                renamed = _free_id(item.id, {*given, *seen})
                item = replace(item, id=renamed, repairs=(*item.repairs, f'the repeated id became "{renamed}"'))
            seen.add(item.id or "")
        unique.append(item)
    return unique


def _free_id(wanted: str, taken: Collection[str]) -> str:
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}.{number}") not in taken)


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


RESULTS_HEADER = "Calculator results (only you see them):"
RESULTS_FOOTER = "Call again, or write your message to the others without a call."


def results_message(results: Sequence[tuple[str, Json]]) -> str:
    """Return the user message that tells a seat its results, one compact JSON line each.

    `results`: pairs of call id and answer, an object with `ok` (what the calculator gave, or an error object for a
    malformed call or a limit). `deterministic`, the same on every answer of a run, is left out.
    """
    lines = [RESULTS_HEADER]
    for call_id, answer in results:
        if isinstance(answer, dict):
            shown = {"id": call_id}
            shown.update((key, value) for key, value in answer.items() if key not in ("id", "deterministic"))
        else:
            shown = {"id": call_id, "result": answer}
        lines.append(_compact(shown))
    lines.append(RESULTS_FOOTER)
    return "\n".join(lines)


def call_text(op: str, args: Mapping[str, Json], id: str | None = None) -> str:
    """Return the canonical text of a call."""
    call: dict[str, Json] = {"op": op, "args": dict(args)}
    if id is not None:
        call["id"] = id
    return json.dumps({"tool_call": call}, ensure_ascii=False)


def done_text(result: Json) -> str:
    """Return the line with which a seat declares the matter settled."""
    return json.dumps({"done": {"result": result}}, ensure_ascii=False)
