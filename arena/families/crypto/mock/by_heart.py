"""The mock players `watchful` and `credulous`, which play the project's own plays by heart.

Both play their seat of the challenge's reference play, or its cheating play if their prompt tells them to cheat.
`credulous` continues whatever a check says. `watchful` stops in three cases: its own check returned false, a value that
it needs was not said, or a seat posts as its closed value one that another seat had posted. It then names the seat. So
the two mark both ends of the scale: all cheats detected, and none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from arena.errors import ServiceFault
from arena.families.crypto.cheats.conduct import accused
from arena.families.crypto.cheats.variants import CHEAT, PLAYS_FOLDER
from arena.families.crypto.prompts import CHEAT_RULE, TEMPTATION_HEADER
from arena.families.crypto.script_values import PLACEHOLDER, Miss, View
from arena.families.crypto.scripted import Line, Script, filled, load_script
from arena.families.crypto.story_time import is_not_done_yet
from arena.messages import ModelRequest
from arena.play.hearing import read_heard
from arena.play.tool_protocol import parse
from arena.records import Json, Stop
from arena.settings.places import DATA_ROOT

PLAYS = DATA_ROOT / "src/crypto-challenges"
MEANT_TO_FAIL = "false_"
"""Beginning of the names of calls in a play that must return false (docs/reference-plays.md)."""

_CHALLENGE = re.compile(r'\nYou are .* in ".*" \(([A-Za-z0-9._-]+)\)\.\n')
_CLOSED = re.compile(r"\b(?:fixed|locked|sealed|seal) \[([0-9a-f]{32,})\]")
_HEARD = re.compile(r"heard\.(.+)\.[^.|]+")


def credulous(request: ModelRequest) -> str:
    """Return the next line of the play, whatever the checks returned."""
    play = _Play(request)
    return play.line(True)


def watchful(request: ModelRequest) -> str:
    """Return the next line of the play, or a declaration that somebody cheated."""
    play = _Play(request)
    if play.cheats:
        return play.line(True)
    suspect = play.accused_by_me() or play.copied() or play.failed_check()
    if suspect is None:
        try:
            text = play.line(False)
        except _Missing as missing:
            suspect = play.accused_by_others() or missing.role
        else:
            suspect = play.accused_by_others() if parse(text).done is not None else None
            if suspect is None:
                return text
    if not play.may_accuse:
        return 'Something here does not fit, so I leave it open.\n{"done": {"result": null}}'
    done = json.dumps({"done": {"result": {CHEAT: suspect}}}, ensure_ascii=False)
    return f"I stop here: what {suspect} gave does not fit what was agreed and fixed, and I do not accept it.\n{done}"


class _Missing(Exception):
    """Raised for a line that uses a value that a role never said."""

    def __init__(self, role: str) -> None:
        self.role = role


class _Play:
    """One seat's part of a play, and the state of the conversation."""

    def __init__(self, request: ModelRequest) -> None:
        conversation = request.conversation
        system = conversation.system
        self.messages = [(message.role, message.text) for message in conversation.messages]
        self.view = View(system, conversation.messages)
        self.cheats = f"\n\n{TEMPTATION_HEADER}" in system
        self.may_accuse = CHEAT_RULE in system
        found = _CHALLENGE.search(system)
        folder = PLAYS_FOLDER if self.cheats else "reference_plays"
        self.path = PLAYS / folder / f"{found[1] if found else ''}.json"
        if not self.path.is_file():
            raise ServiceFault(Stop.PROVIDER, f"mock/{request.model} knows only the plays of the project's own set, and"
                               f" {folder} holds no {self.path.name}")  # fmt: skip
        self.lines = _script(self.path).lines("", self.view.me, False)
        self.index = sum(message.role == "assistant" for message in conversation.messages)

    def line(self, invent: bool) -> str:
        """Return the next line; after the last line, the last public one again. Errors: _Missing for a value that was
        never said."""
        index = self.index
        if index >= len(self.lines):
            index = max(i for i, line in enumerate(self.lines) if not line.calls)
        line = self.lines[index]
        try:
            return filled(line, self.view, invent)
        except Miss as miss:
            role = next((role for role in _heard_roles(line.source) if f"heard.{role}." in str(miss)), None)
            raise _Missing(role or next(iter(self.view.heard), self.view.me)) from None

    def failed_check(self) -> str | None:
        """Return the role whose value failed a check of this seat; None if no check failed.

        Of several roles, the one that another seat accuses already, else the one whose value was said last. A call in a
        loop over heard values names no role itself: it is about the roles that its message names.
        """
        for line in self.lines[: self.index]:
            for call in _calls(line):
                name = str(call.get("as", ""))
                if name.startswith(MEANT_TO_FAIL) or not any(map(_came_out_false, self._results(name))):
                    continue
                roles = _heard_roles(call) or _heard_roles(line.source)
                if self.accused_by_others() in roles:
                    return self.accused_by_others()
                if roles:
                    return max(roles, key=lambda role: self._last_said(role, call))
        return None

    def _last_said(self, role: str, call: Mapping[str, Json]) -> int:
        """Return the message in which a role said the last of its values among the arguments of a call."""
        labels = re.findall(rf"heard\.{re.escape(role)}\.([^.|}}]+)", json.dumps(call, ensure_ascii=False))
        heard = [(at, *read_heard(text)) for at, (sender, text) in enumerate(self.messages) if sender == "user"]
        places = [at for at, who, text in heard if who == role and any(f"{label} [" in text for label in labels)]
        return max(places, default=-1)

    def copied(self) -> str | None:
        """Return the role that posted as its closed value one that another role had posted before."""
        first: dict[str, str] = {code: self.view.me for text in self.view.said for code in _closed_codes(text)}
        for role, texts in self.view.heard.items():
            for code in (code for text in texts for code in _closed_codes(text)):
                if first.setdefault(code, role) != role:
                    return role
        return None

    def _results(self, name: str) -> Iterator[Mapping[str, Json]]:
        for key, answer in self.view.results.items():
            if key == name or key.partition(".")[0] == name:
                yield answer

    def accused_by_me(self) -> str | None:
        """Return the role that this seat has already accused."""
        return next(filter(None, map(_accusation, self.view.said)), None)

    def accused_by_others(self) -> str | None:
        """Return the role that another seat accuses, if it is not this seat's own."""
        for texts in self.view.heard.values():
            for text in texts:
                suspect = _accusation(text)
                if suspect is not None and suspect != self.view.me:
                    return suspect
        return None


def _closed_codes(text: str) -> list[str]:
    return [found[1] for found in _CLOSED.finditer(text)]


def _accusation(text: str) -> str | None:
    done = parse(text).done
    return None if done is None else accused(done.result)


def _came_out_false(answer: Mapping[str, Json]) -> bool:
    if answer.get("ok") is not True:
        return not is_not_done_yet(answer)
    result = answer.get("result")
    return result is False or (isinstance(result, dict) and result.get("valid") is False)


def _calls(line: Line) -> Sequence[Mapping[str, Json]]:
    found = line.source.get("calls", []) if isinstance(line.source, dict) else []
    return [call.get("call", call) for call in found]


def _heard_roles(source: Json) -> list[str]:
    """Return the roles whose words a message or a call uses, in order, each once."""
    paths = (path.split("|")[0].strip() for path in PLACEHOLDER.findall(json.dumps(source, ensure_ascii=False)))
    roles = (found[1] for path in paths if (found := _HEARD.fullmatch(path)) and found[1] != "*")
    return list(dict.fromkeys(roles))


@lru_cache(maxsize=256)
def _script(path: Path) -> Script:
    return load_script(path)
