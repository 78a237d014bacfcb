"""The same match in other words: openings, polite phrases, small numbers. Calls and values do not change. Pure.

Reference plays say everything in one way. A model that is tuned on them should learn the protocol and not the phrases.
Only public turns change, and in them nothing that is in brackets, quotation marks or a declaration: there are the
values, and the sentences that signatures and digests are made of.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from arena.families.crypto.dataset.generated import Generated, Step
from arena.families.crypto.dataset.written import written_match
from arena.play.tool_protocol import parse
from arena.records import Json, Record

KINDS = ("opening", "polite", "number")
"""The kinds of variation in a turn."""

GREETINGS = ("Good day", "Hello", "Hi", "Welcome", "Good to hear from you")
"""None of them mentions the time, because the talk may do so."""

AGREEMENTS = ("Agreed", "Yes, agreed", "Fine", "All right", "That suits me", "Good")
THANKS = ("Thank you.", "Thanks.", "Many thanks.")
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
"""Written out from 2 on: `one` is as often a pronoun."""

_KEPT = re.compile(r"""\[[^\]]*\]|"[^"\n]*"|\u201c[^\u201d]*\u201d|`[^`]*`""")
"""Values and quoted sentences."""

_GREETING = re.compile(r"(?:Good (?:morning|evening|day|afternoon)|Morning|Evening|Hello|Hi)(?=[.,! ])")
_AGREEMENT = re.compile(r"(?:Agreed|I agree|Gladly|Yes)(?=[.,!])")
_PLEASE_FIRST = re.compile(r"(?:(?<=[.!?] )|^)Please ([a-z])([^.!?\[\]\"]{2,80})([.!?])")
_PLEASE_LAST = re.compile(r"(?:(?<=[.!?] )|^)([A-Z])([^.!?\[\]\"]{2,80}), please([.!?])")
_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join(NUMBERS)})(?![\w-])")
_DIGITS = re.compile(r"(?<![\w.,:/-])(?:1[0-2]|[2-9])(?= [a-z])")
_LABEL = re.compile(r"[^.,;:!?]*\Z")
"""The words before a value, by which it is found."""


def varied_match(record: Record, seed: int, run_seed: int) -> Generated:
    """Return a match that was played, in other words. `seed` decides which; `run_seed`: that of the record's run."""
    made = written_match(record, run_seed)
    keep = frozenset(str(value) for value in _leaves(record.transcript.instance or {}))
    counts: Counter[str] = Counter()
    steps: list[Step] = []
    spoken: set[str] = set()
    for place, step in enumerate(made.steps):
        if step.results:
            steps.append(step)
            continue
        draw = random.Random(f"arena-surface/1\0{seed}\0{record.key}\0{place}")
        text, found = varied(step.message, draw, step.role not in spoken, keep)
        spoken.add(step.role)
        counts.update(found)
        steps.append(replace(step, message=text))
    return replace(made, steps=tuple(steps), variation={name: counts[name] for name in KINDS if counts[name]})


def varied(message: str, draw: random.Random, first: bool, keep: Collection[str] = ()) -> tuple[str, list[str]]:
    """Return a public message in other words, and the kinds of changes.

    `first`: it is the first one of its role.  `keep`: values of the match, which are written as they are.
    """
    text = parse(message).say
    if not text or not message.startswith(text):
        return message, []
    declared = message[len(text) :]
    made, kinds = text, []
    for kind, change in (("opening", _opened), ("polite", _polite), ("number", _numbered)):
        changed = change(made, draw, first, keep)
        if changed != made:
            made = changed
            kinds.append(kind)
    return made + declared, kinds


def _opened(text: str, draw: random.Random, first: bool, keep: Collection[str]) -> str:
    if greeting := _GREETING.match(text):
        return draw.choice(GREETINGS) + text[greeting.end() :]
    if agreement := _AGREEMENT.match(text):
        return draw.choice(AGREEMENTS) + text[agreement.end() :]
    if first and draw.random() < 0.5:
        return f"{draw.choice(GREETINGS)}. {text}"
    return text


def _polite(text: str, draw: random.Random, first: bool, keep: Collection[str]) -> str:
    """Move `please` to the other end of its sentence; add thanks before or after the text, if there are none yet."""
    move, thank = draw.random() < 0.5, draw.random()
    if move:
        moved = _PLEASE_FIRST.sub(lambda m: f"{m[1].upper()}{m[2]}, please{m[3]}", text)
        if moved == text:
            moved = _PLEASE_LAST.sub(lambda m: f"Please {m[1].lower()}{m[2]}{m[3]}", text)
        text = moved
    if first or thank >= 0.4 or "thank" in text.lower():
        return text
    phrase = draw.choice(THANKS)
    return f"{phrase} {text}" if thank < 0.2 else f"{text} {phrase}"


def _numbered(text: str, draw: random.Random, first: bool, keep: Collection[str]) -> str:
    """Write small numbers as digits, or as words, or as they are."""
    style = draw.choice(("digits", "words", "as it is"))
    if style == "as it is":
        return text
    return "".join(part if kept else _number(part, style, before, keep) for part, kept, before in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield (part, whether it stays, whether a value follows) of a text."""
    last = 0
    for match in _KEPT.finditer(text):
        yield text[last : match.start()], False, True
        yield match[0], True, False
        last = match.end()
    yield text[last:], False, False


def _number(part: str, style: str, before: bool, keep: Collection[str]) -> str:
    label = _LABEL.search(part)
    head = part[: label.start()] if before and label is not None else part
    if style == "digits":
        made = _WORD.sub(lambda match: str(2 + NUMBERS.index(match[0])), head)
    else:
        made = _DIGITS.sub(lambda match: match[0] if match[0] in keep else NUMBERS[int(match[0]) - 2], head)
    return made + part[len(head) :]


def _leaves(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
