"""The provider `scripted`: turns from a JSON file, `scripted/PATH`.

The file (docs/mock-models.md, "Scripted players"):

    {"format": 1,
     "turns": {"Buyer": ["a message", {"calls": [{"op": "hash", "args": {"data": "utf8:a"}}], "text": "a note"}]},
     "judge": ["a reply"],
     "trials": {"crypto/second-hand-bike/rep_0": {"turns": {...}, "judge": [...]}}}

`trials` gives single trials their own sections; what a section leaves out comes from the top. Which message comes
next is the number of assistant messages in the conversation, so a resumed match continues correctly. Messages may
hold placeholders and loops (script_values.py; docs/reference-plays.md). A PATH that is a folder means its file
`<unit>.json`, where the unit is the second part of the trial's key: the challenge's id.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from arena.errors import DataError, Issue, ServiceFault
from arena.families.crypto.script_values import PLACEHOLDER, RESERVED, Filler, Miss, View
from arena.formats.strict_json import IssueList, child, parse, read_bytes
from arena.messages import ModelReply, ModelRequest, Provider, Usage
from arena.records import Json
from arena.store.rundir import file_digest

FORMAT = 1

_LOOP = re.compile(r"([a-z][a-z0-9_]*) in (.+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")

T = TypeVar("T")


class Line(NamedTuple):
    """One scripted message as in the file (a text or an object), and its finish reason.

    `fixed`: the model's text, where nothing has to be filled in; None: `source` holds placeholders or loops.
    """

    source: Json
    finish: str
    fixed: str | None

    @property
    def calls(self) -> bool:
        return isinstance(self.source, dict) and bool(self.source.get("calls"))


@dataclass(frozen=True, slots=True)
class Section:
    """The messages of each seat and of the judge, in order; None: the section has none, and those of the file's top
    apply."""

    turns: Mapping[str, tuple[Line, ...]] | None
    judge: tuple[Line, ...] | None


@dataclass(frozen=True, slots=True)
class Script:
    """A script file, read."""

    top: Section
    trials: Mapping[str, Section]
    repeat: bool = False
    """`"at_end": "repeat"`: past its last message a seat says its last public one again."""
    invent: bool = False
    """`"on_miss": "invent"`: a placeholder without a value gives an invented one, for plays that go wrong."""
    refusal: Mapping[str, Line] = field(default_factory=dict)
    """Seat -> its message once another seat's latest public text contains `refused [reason]`, instead of the next
    one."""

    def lines(self, trial: str, seat: str, judge: bool) -> tuple[Line, ...]:
        """Return the messages of a seat (or of the judge) in one trial; empty if the file gives it none."""
        section = self.trials.get(trial, self.top)
        if judge:
            return (section.judge if section.judge is not None else self.top.judge) or ()
        turns = section.turns if section.turns is not None else self.top.turns
        return (turns or {}).get(seat, ())


def load_script(path: Path) -> Script:
    """Read a script file. Raises DataError with all issues found."""
    data = read_bytes(path)
    issues = IssueList(str(path))
    script = _Reader(issues).script(parse(data, issues))
    issues.raise_if_any()
    return script


class _Reader:
    """Reads the parts of a script file; issues are collected, and wrong parts count as missing."""

    def __init__(self, issues: IssueList) -> None:
        self.issues = issues
        self.known: dict[str, tuple[Line, ...]] = {}
        """The lists of messages that were read, by their JSON: a file of many trials says most things many times."""

    def members(self, found: Json, pointer: str, allowed: tuple[str, ...]) -> dict[str, Json]:
        if not isinstance(found, dict):
            self.issues.add(pointer, f"must be an object with some of the keys {', '.join(allowed)}")
            return {}
        for key in found:
            if key not in allowed:
                self.issues.add(child(pointer, key), f"unknown key; there are: {', '.join(allowed)}")
        return found

    def mapping(self, found: Json, pointer: str, read: Callable[[Json, str], T]) -> dict[str, T]:
        if not isinstance(found, dict):
            self.issues.add(pointer, "must be an object")
            return {}
        return {key: read(value, child(pointer, key)) for key, value in found.items()}

    def script(self, found: Json) -> Script:
        top = self.members(
            found,
            "",
            ("format", "challenge", "about", "canary", "turns", "judge", "trials", "at_end", "on_miss", "refusal"),
        )
        if type(top.get("format")) is not int or top["format"] != FORMAT:
            self.issues.add("/format", f"must be {FORMAT}, the format that this version reads")
        for key, allowed in (("at_end", ("stop", "repeat")), ("on_miss", ("fault", "invent"))):
            if top.get(key, allowed[0]) not in allowed:
                self.issues.add(f"/{key}", f"must be {' or '.join(allowed)}")
        for key in ("challenge", "about", "canary"):
            if not isinstance(top.get(key, ""), str):
                self.issues.add(f"/{key}", "must be a text")
        sections = {key: value for key, value in top.items() if key in ("turns", "judge")}
        return Script(
            self.section(sections, ""),
            self.mapping(top.get("trials", {}), "/trials", self.section),
            top.get("at_end") == "repeat",
            top.get("on_miss") == "invent",
            self.mapping(top.get("refusal", {}), "/refusal", self.refusal),
        )

    def section(self, found: Json, pointer: str) -> Section:
        members = self.members(found, pointer, ("turns", "judge"))
        turns = self.mapping(members["turns"], f"{pointer}/turns", self.lines) if "turns" in members else None
        return Section(turns, self.lines(members["judge"], f"{pointer}/judge") if "judge" in members else None)

    def refusal(self, found: Json, pointer: str) -> Line:
        line = self.line(found, pointer)
        if line.calls:
            self.issues.add(pointer, "must be a public message, one without calls")
        return line

    def lines(self, found: Json, pointer: str) -> tuple[Line, ...]:
        if not isinstance(found, list):
            self.issues.add(pointer, "must be a list of messages")
            return ()
        text = json.dumps(found)
        read = self.known.get(text)
        if read is None or self.issues.issues:
            read = self.known[text] = tuple(self.line(line, child(pointer, index)) for index, line in enumerate(found))
        return read

    def line(self, found: Json, pointer: str) -> Line:
        if isinstance(found, str):
            return Line(found, "stop", None if PLACEHOLDER.search(found) else found)
        if isinstance(found, dict) and "choose" in found:
            return self.choice(found, pointer)
        members = self.members(found, pointer, ("text", "calls", "done", "finish", "let"))
        self.text(members, "text", pointer, "")
        calls = members.get("calls", [])
        if not isinstance(calls, list):
            self.issues.add(f"{pointer}/calls", "must be a list of calls")
            calls = []
        for index, call in enumerate(calls):
            self.call(call, f"{pointer}/calls/{index}")
        if "done" in members and calls:
            self.issues.add(f"{pointer}/done", "a message has calls or a done, not both: use two messages")
        if not isinstance(members.get("let", {}), dict):
            self.issues.add(f"{pointer}/let", "must be an object: name -> expression")
        finish = self.text(members, "finish", pointer, "stop")
        if self.issues.issues:
            return Line("", finish, "")
        moving = "let" in members or PLACEHOLDER.search(json.dumps(members)) or any("for" in call for call in calls)
        return Line(members, finish, None if moving else message_text(members, None))

    def choice(self, found: dict[str, Json], pointer: str) -> Line:
        """Read `{"choose": [{"if": ..., "say": message}, ..., {"say": message}]}`."""
        listed = self.members(found, pointer, ("choose",))["choose"]
        if not isinstance(listed, list) or len(listed) < 2:
            self.issues.add(f"{pointer}/choose", 'must be a list of two or more {"if": ..., "say": message}')
            return Line("", "stop", "")
        for index, one in enumerate(listed):
            where, last = f"{pointer}/choose/{index}", index == len(listed) - 1
            members = self.members(one, where, ("say",) if last else ("if", "say"))
            if "say" not in members or ("if" not in members and not last):
                self.issues.add(where, "must have `say`, and all but the last one `if`")
            elif isinstance(members["say"], dict) and {"choose", "calls"} & set(members["say"]):
                self.issues.add(f"{where}/say", "must be a public message: no choice among choices, and no calls")
            else:
                self.line(members["say"], f"{where}/say")
        return Line(found, "stop", None)

    def text(self, members: dict[str, Json], key: str, pointer: str, default: str) -> str:
        value = members.get(key, default)
        if not isinstance(value, str):
            self.issues.add(f"{pointer}/{key}", "must be a text")
            return default
        return value

    def call(self, found: Json, pointer: str) -> None:
        if isinstance(found, dict) and "for" in found:
            members = self.members(found, pointer, ("for", "call"))
            loop = _LOOP.fullmatch(members["for"]) if isinstance(members["for"], str) else None
            if loop is None or loop[1] in RESERVED:
                self.issues.add(f"{pointer}/for", "must be like `x in my.list`")
            if not isinstance(members.get("call"), dict) or "as" not in members["call"]:
                self.issues.add(f"{pointer}/call", "must be a call with `as`, the name of its results")
            else:
                self.call(members["call"], f"{pointer}/call")
            return
        members = self.members(found, pointer, ("op", "args", "id", "as"))
        if not isinstance(members.get("op"), str):
            self.issues.add(f"{pointer}/op", "must name an op of the calculator")
        if not isinstance(members.get("args", {}), dict):
            self.issues.add(f"{pointer}/args", "must be an object")
        self.text(members, "id", pointer, "")
        name = members.get("as", "a")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED:
            self.issues.add(f"{pointer}/as", f"must be lower case letters, digits, _, and none of {sorted(RESERVED)}")


def message_text(source: Json, filler: Filler | None) -> str:
    """Return a scripted message as a model writes it; `filler` replaces its placeholders (None: it has none).

    A message whose loops make no call asks for a `ping`, so that it stays a private step. Raises Miss.
    """
    if isinstance(source, str):
        return filler.text(source) if filler else source
    if filler and "choose" in source:
        return message_text(_chosen(source["choose"], filler), filler)
    if filler and "let" in source:
        filler.let(source["let"])
    text = source.get("text", "")
    parts = [filler.text(text) if filler else text]
    calls = [made for call in source.get("calls", ()) for made in _calls(call, filler)]
    if source.get("calls") and not calls:
        calls = [{"op": "ping", "args": {}}]
    parts += [json.dumps({"tool_call": call}, ensure_ascii=False) for call in calls]
    if "done" in source:
        result = filler.fill(source["done"]) if filler else source["done"]
        parts.append(json.dumps({"done": {"result": result}}, ensure_ascii=False))
    return "\n".join(part for part in parts if part)


def filled(line: Line, view: View, invent: bool) -> str:
    """Return a line as a model writes it in this conversation; `invent`: as of Script. Raises Miss."""
    return line.fixed if line.fixed is not None else message_text(line.source, Filler(view, invent))


def _chosen(listed: list[dict[str, Json]], filler: Filler) -> Json:
    """Return the message of the first true condition, otherwise the last one."""
    return next((one["say"] for one in listed if "if" not in one or filler.holds(one["if"])), listed[-1]["say"])


def _calls(call: dict[str, Json], filler: Filler | None) -> Iterator[dict[str, Json]]:
    """Yield the calls of one entry of `calls`: a loop gives one for each element, named `name.0` on."""
    if "for" not in call:
        name = call.get("as", call.get("id"))
        made = {"op": call["op"], "args": filler.fill(call.get("args", {})) if filler else call.get("args", {})}
        yield made if name is None else made | {"id": name}
        return
    loop = _LOOP.fullmatch(call["for"])
    if loop is None or filler is None:  # the reader refuses both
        raise Miss(f"cannot read the loop {call['for']!r}")
    over = filler.value(loop[2])
    for index, element in enumerate(over if isinstance(over, list) else ()):
        filler.names |= {loop[1]: element, "i": index}
        inner = call["call"]
        yield {"op": inner["op"], "args": filler.fill(inner.get("args", {})), "id": f"{inner['as']}.{index}"}


class ScriptedProvider(Provider):
    """Models are paths of script files; each is read once. Thread-safe."""

    name = "scripted"
    offline = True

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._lock = threading.Lock()

    def digest(self, model: str) -> str:
        """Return the SHA-256 of the script file; of a folder, over the names and digests of its scripts."""
        path = Path(model)
        if not path.is_dir():
            return file_digest(path)
        lines = "".join(f"{script.name} {file_digest(script)}\n" for script in sorted(path.glob("*.json")))
        return hashlib.sha256(lines.encode()).hexdigest()

    def check_model(self, model: str, judging: bool) -> None:
        """Check the model. Errors: DataError with all issues when the file (or one in the folder) is not a script, or
        there is none."""
        path = Path(model)
        scripts = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not scripts:
            raise DataError([Issue(model, "", "has no script (*.json); put one into the folder, or name another")])
        for script in scripts:
            self._script(str(script))

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the next message of the request's seat.

        ServiceFault (`provider`) past the end of the script; DataError when the file is not a script.
        """
        conversation, key = request.conversation, request.key
        judge = request.kind == "judge"
        path = self._path(request)
        script = self._script(str(path))
        lines = script.lines(key.trial, key.seat, judge)
        name = path.name  # no path of this machine gets into a record
        index = sum(message.role == "assistant" for message in conversation.messages)
        if script.repeat and index >= len(lines):
            index = next((i for i in range(len(lines) - 1, -1, -1) if not lines[i].calls), index)
        view = View(conversation.system, conversation.messages)
        refusing = not judge and key.seat in script.refusal and view.others_refuse
        if index >= len(lines) and not refusing:
            who = "the judge" if judge else f"the seat {key.seat!r}"
            raise ServiceFault(
                "provider",
                f"scripted: {name} holds {len(lines)} messages for {who} in {key.trial}, and turn {key.turn}, "
                f"step {key.step} needs message {index + 1}: write it into the file and start a new run",
            )
        line = script.refusal[key.seat] if refusing else lines[index]
        text, finish = line.fixed, line.finish
        if text is None:
            try:
                text = filled(line, view, script.invent)
            except Miss as miss:
                raise ServiceFault(
                    "provider",
                    f"scripted: {name}, seat {key.seat!r}, message {index + 1} (turn {key.turn}): {miss}",
                ) from None
        usage = Usage((conversation.chars + 3) // 4, (len(text) + 3) // 4, 0, True)
        return ModelReply(text, finish, name, usage)

    @staticmethod
    def _path(request: ModelRequest) -> Path:
        path = Path(request.model)
        if not path.is_dir():
            return path
        script = path / f"{request.key.trial.split('/')[1]}.json"
        if not script.is_file():
            raise ServiceFault("provider", f"scripted: {script.name} is missing in {path.name}: write that play")
        return script

    def _script(self, model: str) -> Script:
        with self._lock:
            script = self._scripts.get(model)
            if script is None:
                script = self._scripts[model] = load_script(Path(model))
            return script

    def close(self) -> None:
        """Nothing to close."""


def build(name: str, settings: object) -> ScriptedProvider:
    """Return the provider; `name` is `scripted`, and there is nothing to set."""
    return ScriptedProvider()
