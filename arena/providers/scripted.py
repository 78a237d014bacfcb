"""The provider `scripted`: turns from a JSON file, `scripted/PATH`. Floor F1.

The file (docs/mock-models.md, "Scripted players"):

    {"format": 1,
     "turns": {"Buyer": ["a message", {"calls": [{"op": "hash", "args": {"data": "utf8:a"}}], "text": "a note"}]},
     "judge": ["a reply"],
     "trials": {"crypto/second-hand-bike/rep_0": {"turns": {...}, "judge": [...]}}}

`trials` gives single trials sections of their own; what a section leaves out comes from the top. Which message comes
next is the number of assistant messages in the conversation, so a resumed match goes on where it stood.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from arena.errors import ServiceFault
from arena.messages import ModelReply, ModelRequest, Usage
from arena.records import Json
from arena.rundir import file_digest
from arena.strict_json import IssueList, child, parse, read_bytes

FORMAT = 1

T = TypeVar("T")


class Line(NamedTuple):
    """One scripted message, as the model's text, and the finish reason that comes with it."""

    text: str
    finish: str


@dataclass(frozen=True, slots=True)
class Section:
    """The messages of each seat and of the judge, in order; None: this section gives none, the file's top does."""

    turns: Mapping[str, tuple[Line, ...]] | None
    judge: tuple[Line, ...] | None


@dataclass(frozen=True, slots=True)
class Script:
    """A script file, read."""

    top: Section
    trials: Mapping[str, Section]

    def lines(self, trial: str, seat: str, judge: bool) -> tuple[Line, ...]:
        """Return the messages of a seat (or of the judge) in one trial; empty where the file gives it none."""
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
    """Reads the parts of a script file; issues are collected, and what is wrong is read as nothing."""

    def __init__(self, issues: IssueList) -> None:
        self.issues = issues

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
        top = self.members(found, "", ("format", "turns", "judge", "trials"))
        if type(top.get("format")) is not int or top["format"] != FORMAT:
            self.issues.add("/format", f"must be {FORMAT}, the format that this version reads")
        sections = {key: value for key, value in top.items() if key in ("turns", "judge")}
        return Script(self.section(sections, ""), self.mapping(top.get("trials", {}), "/trials", self.section))

    def section(self, found: Json, pointer: str) -> Section:
        members = self.members(found, pointer, ("turns", "judge"))
        turns = self.mapping(members["turns"], f"{pointer}/turns", self.lines) if "turns" in members else None
        return Section(turns, self.lines(members["judge"], f"{pointer}/judge") if "judge" in members else None)

    def lines(self, found: Json, pointer: str) -> tuple[Line, ...]:
        if not isinstance(found, list):
            self.issues.add(pointer, "must be a list of messages")
            return ()
        return tuple(self.line(line, child(pointer, index)) for index, line in enumerate(found))

    def line(self, found: Json, pointer: str) -> Line:
        if isinstance(found, str):
            return Line(found, "stop")
        members = self.members(found, pointer, ("text", "calls", "done", "finish"))
        parts = [self.text(members, "text", pointer, "")]
        calls = members.get("calls", [])
        if not isinstance(calls, list):
            self.issues.add(f"{pointer}/calls", "must be a list of calls")
            calls = []
        parts += [self.call(call, f"{pointer}/calls/{index}") for index, call in enumerate(calls)]
        if "done" in members:
            if calls:
                self.issues.add(f"{pointer}/done", "a message holds calls or a done, not both: use two messages")
            parts.append(json.dumps({"done": {"result": members["done"]}}, ensure_ascii=False))
        return Line("\n".join(part for part in parts if part), self.text(members, "finish", pointer, "stop"))

    def text(self, members: dict[str, Json], key: str, pointer: str, default: str) -> str:
        value = members.get(key, default)
        if not isinstance(value, str):
            self.issues.add(f"{pointer}/{key}", "must be a text")
            return default
        return value

    def call(self, found: Json, pointer: str) -> str:
        members = self.members(found, pointer, ("op", "args", "id"))
        if not isinstance(members.get("op"), str):
            self.issues.add(f"{pointer}/op", "must name an op of the calculator")
        if not isinstance(members.get("args", {}), dict):
            self.issues.add(f"{pointer}/args", "must be an object")
        call = {"op": members.get("op"), "args": members.get("args", {})}
        if "id" in members:
            call["id"] = self.text(members, "id", pointer, "")
        return json.dumps({"tool_call": call}, ensure_ascii=False)


class ScriptedProvider:
    """Models are paths of script files; each is read once. Thread-safe."""

    name = "scripted"
    offline = True

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._lock = threading.Lock()

    def digest(self, model: str) -> str:
        """Return the SHA-256 of the script file."""
        return file_digest(Path(model))

    def check_model(self, model: str, judging: bool) -> None:
        """Errors: DataError with all issues when the file is no script."""
        self._script(model)

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the next message of the request's seat.

        ServiceFault (`provider`) past the end of the script; DataError when the file is no script.
        """
        conversation, key = request.conversation, request.key
        judge = request.kind == "judge"
        lines = self._script(request.model).lines(key.trial, key.seat, judge)
        name = Path(request.model).name  # no path of this machine gets into a record
        index = sum(message.role == "assistant" for message in conversation.messages)
        if index >= len(lines):
            who = "the judge" if judge else f"the seat {key.seat!r}"
            raise ServiceFault(
                "provider",
                f"scripted: {name} holds {len(lines)} messages for {who} in {key.trial}, and turn {key.turn}, "
                f"step {key.step} needs message {index + 1}: write it into the file and start a new run",
            )
        text, finish = lines[index]
        usage = Usage((conversation.chars + 3) // 4, (len(text) + 3) // 4, 0, True)
        return ModelReply(text, finish, name, usage)

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
