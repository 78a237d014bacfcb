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
from typing import NamedTuple

from arena.formats.lenient_json import (
    Broken,
    Decoded,
    bare_quotes,
    decode_escaped,
    decode_mended,
    decode_strict,
    is_escaped,
)
from arena.play.call_reading import MAX_ITEMS, Call, Done, Item, Malformed, Wrong, clip, read_items
from arena.play.own_syntax import (
    CUT_OPENER,
    NAMESPACE,
    SPECIAL_CLOSER,
    SPECIAL_OPENER,
    SPECIAL_TOKEN,
    read_body,
    read_recipient,
)
from arena.play.tool_description import describe
from arena.records import Json

__all__ = [
    "MAX_ITEMS", "Call", "Done", "Malformed", "Parsed", "call_text", "describe", "done_text", "parse",
    "results_message",
]  # fmt: skip

PROTOCOL_VERSION = "tool-protocol/4"


class Parsed(NamedTuple):
    """A parsed message.

    `say`: the text without calls and `done`; the message itself, unchanged, if it contains neither.
    `items`: calls and malformed calls in the order of the text.  `done`: set only when `items` is empty.
    """

    say: str
    items: tuple[Call | Malformed, ...]
    done: Done | None


def parse(text: str) -> Parsed:
    """Parse a player's message; never raises."""
    # The hot path: most messages are talk. A call needs a brace, call tags, a marker, or a fence with its name.
    if "{" not in text and "<" not in text and not any(word in text for word in _WORDS_OF_CALLS):
        return Parsed(text, (), None)
    scan = _Scan(text)
    scan.run()
    return scan.parsed()


_WORDS_OF_CALLS = ("tool_call", "tool_code", "[TOOL_CALL")
# Where a call can begin: call tags, a special token of a chat template, [TOOL_CALLS], a fence called tool_call,
# "tool_call:" in front of JSON, a recipient (to=functions.hash), or a bare object or list whose first characters are
# those of JSON (or of a broken attempt at it, or of escaped JSON) and not of a set such as {1, 2}.
_TAG_NAMES = "tool_calls?|function_calls?|tool_use|use_tool|invoke|function"
_START = re.compile(
    r"[<`t{\[]"
    r"(?:(?<=\{)(?=\s*(?:[\"'\u201c\u201d]|\\[\"]|&(?:quot|#34|#x22);|\w{1,40}\s*[:=]))"
    r"|(?<=\[)(?=\s*\{)"
    rf"|(?<=<){NAMESPACE}(?P<tag>{_TAG_NAMES})\b[^<>{{}}\n]{{0,80}}>"
    rf"|(?<=<)(?P<special>{SPECIAL_OPENER}|{CUT_OPENER})"
    r"|(?<=\[)(?P<marker>TOOL_CALLS?\])"
    r"|(?<=`)``(?P<fence>tool_calls?|tool_code)\b[ \t]*"
    r"|(?<=\bt)(?:(?P<word>ool_calls?\s{0,8}[:(=]\s*)(?=[{\[])|o=(?P<to>[A-Za-z_][\w.]{0,120})))"
)
# A line from which reading starts afresh after something broken: it begins with a bracket, a fence or a call tag.
_FRESH = re.compile(r"\n(?=[{\[]|```|<(?:tool_call|function|tool_use|use_tool|invoke|[|\uff5c]))")
# Text allowed between an announcement and a call, and after a call: special tokens and the ends of call tags.
_BEFORE_CALL = re.compile(rf"(?:[\s,]+|{SPECIAL_TOKEN}|<{NAMESPACE}(?:tool_calls?|function_calls?|tool_use)>)*+")
_AFTER_CALL = re.compile(
    rf"(?:[\s,;]*(?:</{NAMESPACE}(?:{_TAG_NAMES})>|<tool_call\|>|(?!<{SPECIAL_OPENER}){SPECIAL_TOKEN}|```(?=\s*<[|\uff5c])"
    r"|\[/TOOL_CALLS\]))*+"
)
# The text before a recipient in harmony, and the words that may join two markers that are only mentioned.
_HARMONY_HEAD = re.compile(r"(?:<\|start\|>)?(?:assistant)?\s*+(?:<\|channel\|>)?\s*+(?:commentary|analysis)?\s*+\Z")
_MENTIONED = re.compile(r"(?:\W|and|or|to|with|then|tags?|markers?)*", re.IGNORECASE)
_RUNS_INTO = re.compile(r"\w[^\w.:!?]*\Z")
_GOES_ON = re.compile(r"\s+\w|[.,;)!?\"'\u201d]")
_CALL_LIKE = re.compile(r"\s*(?:[{\[<]|[\w.]+\s*\()")
_NEAR_CHARS = 80
"""Characters around a marker that are searched to distinguish a mention from a call."""
# Signs that broken JSON is an attempted call and not a quotation.
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
_LIST = re.compile(r"\[\s*(?:[{\]\[]|\Z)")
_CLOSERS = {
    "fence": re.compile("```"),
    "tag": re.compile(rf"</{NAMESPACE}(?:{_TAG_NAMES})>"),
    "other": re.compile(rf"<{SPECIAL_CLOSER}|<tool_call\|>|(?=<{SPECIAL_OPENER})"),
}


@dataclass(slots=True)
class _Scan:
    """One pass over one message."""

    text: str
    items: list[Call | Malformed] = field(default_factory=list)
    done: list[tuple[Done, str]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    spent: int = 0
    """Characters of unreadable JSON that were looked at; bounded, so that a malicious message takes linear time."""
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
        """Read the calls after a tag, marker, fence or word, where everything must be a call; return where to
        continue."""
        if start["to"] is not None:
            return self._recipient(start)
        text, begin = self.text, start.start()
        first = pos = start.end()
        here = begin if start["tag"] and ("=" in start[0]) else first
        try:
            while len(self.items) <= MAX_ITEMS:
                here = _BEFORE_CALL.match(text, here).end()  # type: ignore[union-attr]  # it matches the empty string
                first = max(first, here)
                if text[here : here + 1] == "{" or (text[here : here + 1] == "[" and _LIST.match(text, here)):
                    pos = here = self._value(here, explicit=True)
                elif pos > start.end() and text[here - 1 : here] not in ",\n":
                    break
                elif (body := read_body(text, here, self._json)) is not None:
                    self._add(body.items, text[here : body.end])
                    pos = here = body.end
                else:
                    break
            problem = "there is no JSON object where a call was announced: write one there."
            in_vain = pos == start.end()
        except Wrong as wrong:
            problem, in_vain = str(wrong), True
        if in_vain:
            if pos == start.end() and self._is_mention(start):
                return first
            pos = max(here, self._end_of_announced(start, first))
            self.items.append(Malformed(clip(text[begin:pos]), problem))
        pos = _AFTER_CALL.match(text, pos).end()  # type: ignore[union-attr]  # it matches the empty string
        self.cuts.append((begin, pos))
        return pos

    def _recipient(self, start: re.Match[str]) -> int:
        """Read a call of harmony, whose head names the op as the recipient: commentary to=functions.hash."""
        text, name = self.text, start["to"]
        near = max(0, start.start() - _NEAR_CHARS)
        head = _HARMONY_HEAD.search(text[near : start.start()])
        begin = near + head.start() if head else start.start()
        if begin == start.start() and not name.startswith("functions."):
            return start.end()
        try:
            body, announced = read_recipient(text, name, start.end(), self._json)
            if body is None and not announced and "<|" not in text[begin : start.start()]:
                return start.end()
            items: list[Item] = list(body.items) if body else []
            pos = body.end if body else self._end_of_announced(start, start.end())
            problem = "the message to a tool holds no JSON object: write the arguments there."
        except Wrong as wrong:
            items, pos, problem = [], self._end_of_announced(start, start.end()), str(wrong)
        self._add(items or [Malformed(clip(text[begin:pos]), problem)], text[begin:pos])
        pos = _AFTER_CALL.match(text, pos).end()  # type: ignore[union-attr]  # it matches the empty string
        self.cuts.append((begin, pos))
        return pos

    def _is_mention(self, start: re.Match[str]) -> bool:
        """Return whether a marker without a call is part of a sentence about it, and announces nothing."""
        if start["fence"] is not None:
            return False
        text = self.text
        before = text[max(0, start.start() - _NEAR_CHARS) : start.start()].rpartition("\n")[2]
        after = text[start.end() : start.end() + _NEAR_CHARS].partition("\n")[0]
        if before.endswith("`") and after.startswith("`"):
            return True
        if _CALL_LIKE.match(after) or not _RUNS_INTO.search(re.sub(r"<[^<>]*>", "x", before)):
            return False
        closer = re.search(rf"</{NAMESPACE}(?:{_TAG_NAMES})>|{SPECIAL_TOKEN}", after)
        if closer is None:
            return _GOES_ON.match(after) is not None
        between = after[: closer.start()].strip()
        return between != "" and _MENTIONED.fullmatch(between) is not None

    def _end_of_announced(self, start: re.Match[str], after: int) -> int:
        """Return the end of an announcement without a call: the mark that closes it after `after`, else the end of its
        line."""
        closer = _CLOSERS["fence" if start["fence"] else "tag" if start["tag"] else "other"]
        found = closer.search(self.text, after)
        if found is not None and (start["fence"] or start["tag"] or "\n" not in self.text[after : found.start()]):
            return found.end()
        line_end = self.text.find("\n", after)
        if start["tag"] and line_end >= 0 and not self.text[start.end() : line_end].strip():
            return self._next_fresh(line_end)
        return line_end if line_end >= 0 else len(self.text)

    def _json(self, at: int) -> Decoded | Broken:
        """Read the JSON at `at`, and count the characters read without success."""
        text = self.text
        found, looked = decode_strict(text, at)
        if found is not None:
            return found
        self.spent += looked
        if is_escaped(text, at):
            escaped, looked = decode_escaped(text, at, self._next_fresh(at))
            self.spent += looked
            return escaped
        return decode_mended(text, at, self._next_fresh(at))

    def _value(self, at: int, explicit: bool) -> int:
        """Read the JSON value at `at`; return the next position."""
        text = self.text
        found = self._json(at)
        if isinstance(found, Broken):
            piece = text[at : found.end]
            if explicit or _ATTEMPT.search(piece) or (is_escaped(text, at) and _ATTEMPT.search(bare_quotes(piece))):
                self.items.append(Malformed(clip(piece), found.problem))
                self.cuts.append((at, found.end))
            return found.end
        items = read_items(found.value, text[at : found.end], explicit, found.repairs)
        if items:
            quoted = bool(found.repairs) and text[at - 1 : at] == text[found.end : found.end + 1] == '"'
            self.cuts.append((at - quoted, found.end + quoted))
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
        """Return the single declaration; make it malformed if it contradicts another one or is next to calls."""
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
        """The text without the cut parts, and without fences and tags that contained only these."""
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
    """Sort the cuts and join those with only space or commas between them."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(cuts):
        if joined and not text[joined[-1][1] : start].strip(" \t\r\n,"):
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _with_unique_ids(items: list[Call | Malformed]) -> list[Call | Malformed]:
    """Give a call whose id was used before in the message another one, so that results have different ids."""
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


RESULTS_HEADER = "Results (only you see them):"
MARKED_HEADER = "Results {nonce}:"
"""The first line of results that carry the mark of their seat."""


def results_message(results: Sequence[tuple[str | None, Json]], nonce: str = "") -> str:
    """Return the user message that tells a seat its results, one compact JSON line each.

    `nonce`: the mark of the seat, which distinguishes its results from the text of others; empty if there are no
    others.

    `results`: pairs of the caller's id (None: none) and the answer, an object with `ok` (the calculator's answer, or an
    error object for a malformed call or a limit). `deterministic`, the same on every answer of a run, is left out.
    """
    lines = [MARKED_HEADER.format(nonce=nonce) if nonce else RESULTS_HEADER]
    for call_id, answer in results:
        if isinstance(answer, dict):
            shown = {} if call_id is None else {"id": call_id}
            shown.update((key, value) for key, value in answer.items() if key not in ("id", "deterministic"))
        else:
            shown = {**({} if call_id is None else {"id": call_id}), "result": answer}
        lines.append(_compact(shown))
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
