"""The values of the placeholders of a script: `{{my.bid}}`, `{{c.commitment}}`, `{{heard.Bob.note}}`.

Everything is read from the conversation, as a model would: the seat's own values from its system prompt, the results
of its calls from the calculator's messages (by the ids that `as` gave them), what others said from their public turns
(`label [value]`). So the provider stays a pure function of the request. docs/reference-plays.md lists all forms.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence

from arena.families.crypto.challenges.expressions import ExpressionError, evaluate
from arena.families.crypto.challenges.instance import VALUES_HEADER
from arena.families.crypto.challenges.readable import shown
from arena.families.crypto.mock.scene import RESULTS_PREFIX
from arena.messages import Message
from arena.play.hearing import read_heard
from arena.records import Json

PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
_LABELLED = r"(?<!\w){} \[([^\]\n]*)\]"
_REFUSAL = re.compile(_LABELLED.format("refused"))
_ROLE = re.compile(r'(?:\A|\n\nYour role:\n)You are (.*) in "')
RESERVED = frozenset({"my", "me", "heard", "said", "let", "i"})
"""Names that no call and no loop variable may have."""


class Miss(Exception):
    """A placeholder without a value, or a pipe that cannot be applied; the message says which and why."""


class View:
    """One seat's conversation, read.

    `heard`: speaker -> its public texts, in order.  `results`: call id -> latest answer.
    """

    def __init__(self, system: str, messages: Sequence[Message]) -> None:
        _, found, rest = system.partition("\n\n" + VALUES_HEADER)
        self.my: dict[str, Json] = json.loads(rest.partition("\n")[0]) if found else {}
        role = _ROLE.search(system)
        self.me = role[1] if role else ""
        self.heard: dict[str, list[str]] = {}
        self.said: list[str] = []
        self.results: dict[str, dict[str, Json]] = {}
        for sender, text in messages:
            if sender == "assistant":
                self.said.append(text)
            elif text.startswith(RESULTS_PREFIX):
                for line in text.split("\n"):
                    if line.startswith("{"):
                        answer = json.loads(line)
                        if "id" in answer:  # else the play gives the call no name, and so never asks for its answer
                            self.results[answer["id"]] = answer
            elif not text.startswith("("):  # in parentheses: the harness speaks
                name, rest = read_heard(text)
                self.heard.setdefault(name, []).append(rest)

    @property
    def others_refuse(self) -> bool:
        """Return whether the latest public text of another seat holds `refused [reason]`."""
        return any(_REFUSAL.search(texts[-1]) for texts in self.heard.values() if texts)


class Filler:
    """Replaces the placeholders of one message. `names` holds what the message itself defines: loop variables, let."""

    def __init__(self, view: View, invent: bool = False) -> None:
        self.view = view
        self.invent = invent
        self.names: dict[str, Json] = {}

    def fill(self, found: Json) -> Json:
        """Return a JSON value with its placeholders replaced; one that makes up a whole text keeps its type."""
        if isinstance(found, str):
            whole = PLACEHOLDER.fullmatch(found)
            return self.value(whole[1]) if whole else self.text(found)
        if isinstance(found, list):
            return [self.fill(inner) for inner in found]
        if isinstance(found, dict):
            return {key: self.fill(inner) for key, inner in found.items()}
        return found

    def text(self, text: str) -> str:
        """Return a text with its placeholders replaced, values as people read them."""
        return PLACEHOLDER.sub(lambda match: shown(self.value(match[1])), text)

    def value(self, placeholder: str) -> Json:
        """Return the value of one placeholder (without braces). Raises Miss, unless misses are to be invented."""
        try:
            path, *pipes = placeholder.split("|")
            value = self.path(path.strip())
            for pipe in pipes:
                value = self.pipe(value, pipe)
            return value
        except Miss as miss:
            if not self.invent:
                raise Miss(f"{{{{{placeholder}}}}}: {miss}") from None
            return hashlib.sha256(f"{self.view.me}\0{placeholder}".encode()).hexdigest()

    def let(self, expressions: Mapping[str, Json]) -> None:
        """Define names by expressions (expressions.py) over placeholders and names defined before."""
        for name, expression in expressions.items():
            try:
                found = evaluate(self._expression(expression), self.names)
            except (ExpressionError, Miss) as error:
                if not self.invent:
                    raise Miss(f"let {name}: {error}") from None
                found = hashlib.sha256(f"{self.view.me}\0let {name}".encode()).hexdigest()
            self.names[name] = found

    def holds(self, condition: Json) -> bool:
        """Whether an expression over placeholders is true. Raises Miss; where misses are invented, it is false."""
        try:
            return evaluate(self._expression(condition), self.names) is True
        except (ExpressionError, Miss) as error:
            if not self.invent:
                raise Miss(f"if: {error}") from None
            return False

    def _expression(self, found: Json) -> Json:
        if isinstance(found, str):
            return {"is": self.fill(found)} if PLACEHOLDER.search(found) else found
        if isinstance(found, list):
            return [self._expression(inner) for inner in found]
        if isinstance(found, dict):
            return {key: self.fill(inner) if key == "is" else self._expression(inner) for key, inner in found.items()}
        return found

    def path(self, path: str) -> Json:
        """Return the value at a path such as `my.slots`, `c.nonce`, `m.*`, `heard.Bob.sealed note`."""
        first, _, rest = path.partition(".")
        if first == "me" and not rest:
            return self.view.me
        if first == "my":
            return _walk(self.view.my, rest, "the seat's own values")
        if first == "heard":
            return self._heard(rest)
        if first == "said":
            return _labelled(self.view.said, rest, "the seat itself")
        if first == "let":
            return _walk(self.names, rest, "the names that `let` defines here")
        if first in self.names:
            return _walk(self.names[first], rest, first) if rest else self.names[first]
        return self._result(first, rest)

    def _heard(self, rest: str) -> Json:
        who, dot, label = rest.rpartition(".")
        if not dot:
            raise Miss("write heard.ROLE.LABEL")
        if who == "*":
            return [_labelled(texts, label, name) for name, texts in self.view.heard.items()]
        if who not in self.view.heard:
            raise Miss(f"{who!r} has not spoken yet; heard so far: {', '.join(self.view.heard) or 'nobody'}")
        return _labelled(self.view.heard[who], label, who)

    def _result(self, name: str, rest: str) -> Json:
        results = self.view.results
        if name in results:
            found = _answered(name, results[name])
        else:
            count = 0
            while f"{name}.{count}" in results:
                count += 1
            if not count:
                known = ", ".join(sorted({key.partition(".")[0] for key in results})) or "none"
                raise Miss(f"there is no call, loop variable or name {name!r}; answered calls: {known}")
            found = [_answered(f"{name}.{i}", results[f"{name}.{i}"]) for i in range(count)]
        return _walk(found, rest, f"the result of {name}") if rest else found

    def pipe(self, value: Json, pipe: str) -> Json:
        """Return a value sent through one pipe function, `name` or `name:argument`."""
        name, _, argument = pipe.partition(":")
        function = PIPES.get(name.strip())
        if function is None:
            raise Miss(f"there is no pipe function {name!r}; there are: {', '.join(PIPES)}")
        try:
            return function(value, argument, self)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise Miss(f"{name} cannot be applied to {json.dumps(value)[:60]}: {error}") from None

    def argument(self, text: str) -> Json:
        """Return a pipe's argument: a whole number as it is, otherwise the value at a path."""
        return int(text, 0) if re.fullmatch(r"\s*-?(0x[0-9a-f]+|\d+)\s*", text) else self.path(text.strip())


def _walk(found: Json, path: str, what: str) -> Json:
    for place, step in enumerate(parts := path.split(".")):
        if step == "*" and isinstance(found, list):
            rest = ".".join(parts[place + 1 :])
            return [_walk(inner, rest, what) for inner in found] if rest else found
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            has = ", ".join(found) if isinstance(found, dict) else f"{type(found).__name__}"
            raise Miss(f"{what} has no {step!r}; it holds: {has or 'nothing'}")
    return found


def _labelled(texts: Sequence[str], label: str, who: str) -> str:
    pattern = re.compile(_LABELLED.format(re.escape(label)))
    for text in reversed(texts):
        if found := pattern.findall(text):
            return str(found[-1])
    raise Miss(f"{who} has said nothing of the form: {label} [value]")


def _answered(name: str, answer: Mapping[str, Json]) -> Json:
    if answer.get("ok") is not True:
        error = answer.get("error", {})
        raise Miss(f"the call {name} failed: {error.get('code')}: {error.get('message')}")
    return answer.get("result")


def _int(value: Json, argument: str, filler: Filler) -> int:
    return int(value, 0) if isinstance(value, str) and value.startswith("0x") else int(value)


def forged(value: Json) -> Json:
    """Return an invented value of the same shape: as many hex digits, decimal digits or other signs."""
    if isinstance(value, list):
        return [forged(inner) for inner in value]
    if isinstance(value, dict):
        return {key: forged(inner) for key, inner in value.items()}
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    text = str(value)
    noise = hashlib.shake_256(b"forged\0" + text.encode()).digest(len(text))
    if text.isdecimal():
        digits = "".join(str(byte % 9 + 1) for byte in noise)
        return int(digits) if isinstance(value, int) else digits
    if re.fullmatch("[0-9a-f]+", text):
        return "".join("0123456789abcdef"[byte % 16] for byte in noise)
    return "".join(chr(97 + byte % 26) if sign.isalnum() else sign for sign, byte in zip(text, noise, strict=True))


Pipe = Callable[[Json, str, Filler], Json]

PIPES: Mapping[str, Pipe] = {
    "json": lambda v, a, f: json.dumps(v, ensure_ascii=False),
    "hex": lambda v, a, f: str(v).encode().hex(),
    "base64": lambda v, a, f: base64.b64encode(str(v).encode()).decode(),
    "len": lambda v, a, f: len(v),
    "sorted": lambda v, a, f: sorted(v),
    "unique": lambda v, a, f: list(dict.fromkeys(v)),
    "reversed": lambda v, a, f: v[::-1],
    "join": lambda v, a, f: a.join(map(shown, v)),
    "split": lambda v, a, f: [part.strip() for part in v.split(a or None)],
    "int": _int,
    "ints": lambda v, a, f: [_int(inner, a, f) for inner in v],
    "str": lambda v, a, f: shown(v),
    "first": lambda v, a, f: v[0],
    "last": lambda v, a, f: v[-1],
    "head": lambda v, a, f: v[: f.argument(a)],
    "at": lambda v, a, f: v[f.argument(a)],
    "get": lambda v, a, f: v[a],
    "index": lambda v, a, f: v.index(f.argument(a)),
    "lower": lambda v, a, f: v.lower(),
    "upper": lambda v, a, f: v.upper(),
    "sum": lambda v, a, f: sum(v),
    "add": lambda v, a, f: v + f.argument(a),
    "sub": lambda v, a, f: v - f.argument(a),
    "mul": lambda v, a, f: v * f.argument(a),
    "mod": lambda v, a, f: v % f.argument(a),
    "forge": lambda v, a, f: forged(v),
}
"""Pipe function -> (value, argument as written, filler) -> value. docs/reference-plays.md describes each."""
