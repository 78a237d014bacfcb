"""The knowledge of a mock player: its system prompt and its messages, parsed into a Brief and a Scene.

A mock sees only what a model would see. Chance depends only on the trial's seed, so a match does not depend on the
order of the matches, the number of workers, or a resume.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.families.crypto.challenges.result_kinds import KINDS, OR_REFUSED
from arena.messages import Message
from arena.play.hearing import read_heard
from arena.play.op_names import expanded
from arena.records import Json

CALL_PREFIX = '{"tool_call"'
RESULTS_PREFIX = "Results "

_ROLE = re.compile(r'(?:\A|\n\nYour role:\n)You are (.*) in "(.*)" \(([A-Za-z0-9._-]+)\)\.')
_FORBIDDEN = re.compile(r"\(for example: ([^)]*)\)")
_MAX_TURNS = re.compile(r"at most (\d+) turns")
_MAX_CALLS = re.compile(r"At most (\d+) calls a turn")
# A line of the tools' text: one operation with its arguments, or a family with the names of its operations.
_OP = re.compile(r"^- (\w+)\(", re.MULTILINE)
_OP_NAMES = re.compile(r"^\w+: ([\w{}, ]+)$", re.MULTILINE)
_RESULT = re.compile(r"^The result is (.*), written as (.*)\.$", re.MULTILINE)
_MEMBER = re.compile(r'"([^"]+)" \((.+?)\)(?=, "|$)')


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """A parsed system prompt (arena/families/crypto/prompts.py). Missing texts are empty.

    `rules` are all constraints and all private lines; the other lists leave out lines that no player should quote.
    `asks` and `kinds` describe the result: what it names, and member -> kind (result_kinds.py), with the member "" for
    a result that is not an object. Both are empty if the prompt does not mention a result.
    """

    me: str
    title: str
    shared: str
    """Title, background, opening stance and what the result names, in lower case: the text for all roles."""
    goals: tuple[str, ...]
    constraints: tuple[str, ...]
    rules: tuple[str, ...]
    values: Mapping[str, Json]
    asks: str
    kinds: Mapping[str, str]
    forbidden: tuple[str, ...]
    ops: frozenset[str]
    max_turns: int
    max_calls: int


def _section(text: str, header: str) -> str:
    """Return the text below `header`, up to the next blank line that is followed by a header."""
    _, found, rest = text.partition(f"\n\n{header}")
    return re.split(r"\n\n(?=[A-Z][^\n]*:\n)", rest, maxsplit=1)[0].partition("\n")[2] if found else ""


def _bullets(text: str) -> tuple[str, ...]:
    return tuple(line[2:].strip() for line in text.split("\n") if line.startswith("- "))


def _values(line: str) -> dict[str, Json]:
    """Return the seat's values; none if the section is missing or contains a template."""
    if not line.startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(values: Mapping[str, Json]) -> list[str]:
    """Return how values and the entries of lists may be written in a line, in lower case. Numbers below 10 are left
    out: they occur everywhere."""
    flat = [item for value in values.values() for item in (value if isinstance(value, list) else [value])]
    texts = [str(item).lower() for item in flat if isinstance(item, str | int) and not isinstance(item, bool)]
    return [text for text in texts if len(text) > 1]


def _kinds(form: str) -> dict[str, str]:
    """Read the form of a result as `results.told` writes it."""
    form = form.removesuffix(OR_REFUSED)
    members = _MEMBER.findall(form) if form.startswith("a JSON object with ") else [("", form)]
    return {name: next((k for k, (_, text) in KINDS.items() if told.startswith(text)), "") for name, told in members}


def _ops(tools: str) -> frozenset[str]:
    """Return the operations that the text about the tools names, in any of its forms."""
    named = (name for names in _OP_NAMES.findall(tools) for name in expanded(names))
    return frozenset([*_OP.findall(tools), *named])


@lru_cache(maxsize=256)
def read_brief(system: str) -> Brief:
    """Read a system prompt. A text of another form gives a Brief with a nameless role and no tools."""
    role = _ROLE.search(system)
    me, title = (role[1], role[2]) if role else ("Me", "this matter")
    forbidden = _FORBIDDEN.search(system)
    turns, calls = _MAX_TURNS.findall(system), _MAX_CALLS.search(system)  # a large group reads its own number last
    names = tuple(name.strip() for name in forbidden[1].split(",")) if forbidden else ()

    values = _values(_section(system, "Your values (JSON):"))
    avoided = [*(name.lower() for name in names), *_texts(values)]

    def harmless(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line for line in lines if not any(text in line.lower() for text in avoided))

    shared = "\n".join((title, _section(system, "Public background:"), _section(system, "Opening stance:")))
    constraints = _bullets(_section(system, "Your constraints:"))
    result = _RESULT.search(system)
    asks = result[1] if result else ""
    return Brief(
        me=me,
        title=title if harmless((title,)) else "this matter",
        shared=f"{shared}\n{asks}".lower(),
        goals=harmless(_bullets(_section(system, "Your goals:"))),
        constraints=harmless(constraints),
        rules=(*constraints, *_bullets(_section(system, "Your private information"))),
        values=values,
        asks=asks,
        kinds=_kinds(result[2]) if result else {},
        forbidden=names,
        ops=_ops(_section(system, "Tools:")),
        max_turns=int(turns[-1]) if turns else 12,
        max_calls=int(calls[1]) if calls else 10,
    )


def draw(seed: str, *labels: str | int) -> str:
    """Return 64 hex digits: SHA-256 of a fixed label, the trial's seed and the given labels, separated by NUL."""
    return hashlib.sha256("\0".join(["arena-mock/1", seed, *map(str, labels)]).encode("utf-8", "replace")).hexdigest()


@dataclass(slots=True)
class Scene:
    """One seat's view of the match so far.

    `said`: speaker -> public texts in order (the seat's own under its role). `worked`: the tool rounds of each of the
    seat's public turns, and last those of the current turn. A round is a list of results, None for a call that the
    calculator refused. `broken`: whether the seat already sent an unreadable call in this turn.
    """

    brief: Brief
    seed: str
    said: dict[str, list[str]]
    worked: list[list[list[Json]]]
    broken: bool

    @property
    def me(self) -> str:
        return self.brief.me

    @property
    def round(self) -> int:
        """The number of public turns that the seat has taken."""
        return len(self.worked) - 1

    @property
    def others(self) -> list[str]:
        return [name for name in self.said if name != self.me]

    @property
    def everyone(self) -> list[str]:
        return sorted(self.said)

    def values(self, label: str) -> dict[str, str]:
        """Return speaker -> the value that it last gave under `label` in a public text, in the form of `put`."""
        found = {}
        pattern = re.compile(r"(?<!my )" + re.escape(label) + r" \[([^\]\n]*)\]")
        for name, texts in self.said.items():
            for text in texts:
                if match := pattern.search(text):
                    found[name] = match[1]
        return found

    def chance(self, *labels: str | int) -> int:
        """Return a number below 2^32 for this seat, from the trial's seed."""
        return int(draw(self.seed, self.me, *labels)[:8], 16)


def put(label: str, value: object) -> str:
    """Return a value under a label, in the form in which mock players write and read it in public texts."""
    return f"{label} [{value}]"


def read_scene(system: str, messages: Sequence[Message], seed: str) -> Scene:
    """Read a seat's conversation."""
    brief = read_brief(system)
    said: dict[str, list[str]] = {brief.me: []}
    worked: list[list[list[Json]]] = [[]]
    broken = False
    last_call = ""
    for role, text in messages:
        if role == "assistant":
            if text.startswith(CALL_PREFIX):
                last_call = text
            else:
                said[brief.me].append(text)
                worked.append([])
                broken = False
        elif text.startswith(RESULTS_PREFIX):
            if last_call.endswith("}"):
                worked[-1].append(_results(text))
            else:
                broken = True
        elif not text.startswith("("):  # in parentheses: the harness speaks (opening, re-ask)
            name, rest = read_heard(text)
            said.setdefault(name, []).append(rest)
    return Scene(brief, seed, said, worked, broken)


def _results(text: str) -> list[Json]:
    """Return the results in a message of the calculator, in order; None for each that is not `ok`."""
    found = []
    for line in text.split("\n"):
        if line.startswith("{"):
            answer = json.loads(line)
            found.append(answer.get("result") if answer.get("ok") is True else None)
    return found
