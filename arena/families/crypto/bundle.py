"""The crypto family's derived files: the bundle of each match and role_views/<RoleId>.jsonl."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from arena.families.crypto.challenges.schema import encode_role
from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.data import CryptoSetup, challenge_of, match_path, roles
from arena.families.crypto.views import role_messages, said_message, spoken
from arena.formats.bounded import open_regular
from arena.formats.decode import encode
from arena.play.hearing import heard, seat_nonce
from arena.records import EVERYBODY, Entry, Json, Judging, Record, Score
from arena.store.bundles import BUNDLES_DIR, Bundle
from arena.store.files import create, open_folder, temporary_name
from arena.store.journal import dumps, encode_line

VIEWS_DIR = "role_views"
MAX_OPEN_FILES = 64
"""Role-view files open at once while exporting; a challenge set has more roles than a process may open files."""


def match_json(record: Record, challenge: Mapping[str, Json], setup: CryptoSetup) -> dict[str, Json]:
    """Return match.json: the predecessor's match object without transcript and views, which are next to it."""
    out: dict[str, Json] = {
        "challenge_id": challenge["id"],
        "challenge_name": challenge["name"],
        "difficulty": challenge["difficulty"],
    }
    for name in ("primitive_family", "split"):
        if name in challenge:
            out[name] = challenge[name]
    score, transcript, detail = record.score, record.transcript, detail_of(record)
    values = {name: None if value is None else float(value) for name, value in score.values.items()}
    out |= {
        "participants": [participant["id"] for participant in challenge["participants"]],
        "initiator_agent_id": challenge["self_play"]["initiator_agent_id"],
        "models": {role: setup.role_models.get(role, setup.participant) for role in roles(challenge)},
        "max_turns": turns_of(challenge, setup.max_turns),
        "rep": record.trial.plan["rep"],
        "seed": record.trial.seed,
        "instance": transcript.instance,
        "attempt": record.attempt,
        "status": record.status,
        "stop": record.stop,
        "flagged": record.flagged,
        "outcome": score.outcome,
        "judge_verdict": _verdict_json(score, values) if record.scored else None,
        "unscored": score.unscored,
        "error": transcript.detail if record.status == "error" else None,
        "detail": transcript.detail,
        "usage": {seat: counters.counts() for seat, counters in transcript.usage.items()},
        "judging": {**_judging_json(score.judging), **({} if detail is None else encode(detail))},
    }
    return out


def _verdict_json(score: Score, values: Mapping[str, float | None]) -> dict[str, Json]:
    """Return the predecessor's verdict, with the answers to the questions if there are any."""
    items = [encode(one) for one in score.judging.items]
    return {"scores": values, **({"items": items} if items else {}), "verdict": score.verdict}


def _judging_json(judging: Judging) -> dict[str, Json]:
    return {
        "asks": judging.asks,
        "texts_cut": judging.texts_cut,
        "characters_cut": judging.characters_cut,
        "usage": judging.usage.counts(),
        "calls": [encode(call) for call in judging.calls],
        "panel": [encode(one) for one in judging.panel],
    }


def match_bundle(record: Record, challenge: Mapping[str, Json], setup: CryptoSetup) -> Bundle:
    """Return matches/<challenge id>/rep_<r>/: match.json, transcript.json and role_views/<RoleId>.json."""
    entries = record.transcript.entries
    said = _said(entries)
    files = {
        "match.json": encode_line(match_json(record, challenge, setup)),
        "transcript.json": _transcript(record.stop, entries, said),
    }
    files.update(_views(record, challenge, setup, said))
    return Bundle(f"{BUNDLES_DIR}/{match_path(challenge['id'], record.trial.plan['rep'])}", files)


def _views(
    record: Record, challenge: Mapping[str, Json], setup: CryptoSetup, said: Mapping[int, _Turn]
) -> Iterator[tuple[str, bytes]]:
    """Yield the path of each role's file in the bundle, and the role's view of the match."""
    trial, transcript = record.trial, record.transcript
    for role in roles(challenge):
        prompt = setup.view_prompt(challenge, role, seat_nonce(trial.seed, role), transcript.instance)
        yield f"{VIEWS_DIR}/{_file_name(role)}.json", _view(prompt, transcript.entries, role, said)


class _Turn(NamedTuple):
    """A public turn as JSON strings: it is in every file of the bundle, and is encoded once.

    `text`: as its seat wrote it.  `heard`: as the others heard it, if all did.
    """

    text: str
    heard: str


def _said(entries: Sequence[Entry]) -> dict[int, _Turn]:
    """Return place among the entries -> public turn."""
    return {place: _turn_of(entry) for place, entry in enumerate(entries) if entry.kind == "say"}


def _turn_of(entry: Entry) -> _Turn:
    text = spoken(entry)
    written = dumps(text)
    if entry.to != EVERYBODY:
        return _Turn(written, "")
    if text.splitlines() == [text]:  # one line: what stands before it is put before what is encoded already
        return _Turn(written, _mark(entry.seat) + written[1:])
    return _Turn(written, dumps(heard(entry.seat, text)))


@lru_cache(maxsize=1024)
def _mark(seat: str) -> str:
    """Return the beginning of what others hear of a seat, as a JSON string that goes on."""
    return dumps(heard(seat, ""))[:-1]


def _transcript(stop: str, entries: Sequence[Entry], said: Mapping[int, _Turn]) -> bytes:
    """Return transcript.json: `stop`, the public turns as `{speaker, content}` (the predecessor's form), and what was
    not public, each with its place."""
    turns = ",".join([_turn(entries[place], one.text) for place, one in said.items()])
    private = [{"place": place, **_private(entry)} for place, entry in enumerate(entries) if entry.kind != "say"]
    return _utf8(f'{{"stop":{dumps(stop)},"transcript":[{turns}],"entries":{dumps(private)}}}\n')


def _turn(entry: Entry, text: str) -> str:
    """Return a turn of transcript.json; a private one names who heard it. `text`: as a JSON string."""
    to = "" if entry.to == EVERYBODY else f',"to":{dumps(list(entry.to))}'
    return f'{{"speaker":{_name(entry.seat)},"content":{text}{to}}}'


def _private(entry: Entry) -> dict[str, Json]:
    """Return an entry that is not public, with the members that its kind has."""
    out: dict[str, Json] = {
        "turn": entry.turn,
        "from": entry.seat,
        "to": entry.to,
        "kind": entry.kind,
        "step": entry.step,
    }
    if entry.kind == "call":
        out |= {"id": entry.id, "index": entry.index, "op": entry.op, "args": entry.args, "answer": entry.answer}
    else:
        out["text"] = entry.text
    return {**out, "problem": entry.problem} if entry.problem else out


def _view(prompt: str, entries: Sequence[Entry], role: str, said: Mapping[int, _Turn]) -> bytes:
    """Return the system prompt and the `role_messages` of a role as one line of JSON. `prompt`: as a JSON string."""
    messages = []
    for place, entry in enumerate(entries):
        one = said.get(place)
        if one is None:
            messages += [dumps(message) for message in role_messages([entry], role)]
        elif entry.to != EVERYBODY:
            messages.append(dumps(said_message(entry, role)))
        elif entry.seat == role:
            messages.append(f'{{"role":"assistant","content":{one.text}}}')
        else:
            messages.append(f'{{"role":"user","content":{one.heard}}}')
    return _utf8(f'{{"system_prompt":{prompt},"messages":[{",".join(messages)}]}}\n')


def _utf8(line: str) -> bytes:
    """Return a JSON line as bytes; one with half a surrogate pair in a text is written with escapes instead."""
    try:
        return line.encode()
    except UnicodeEncodeError:
        return encode_line(json.loads(line))


_file_name = lru_cache(maxsize=1024)(encode_role)
_name = lru_cache(maxsize=1024)(dumps)


class RoleViews:
    """Writes role_views/<RoleId>.jsonl: one line per match in which the role played, in plan order.

    Each view is that of the bundle; where none was made, it is made from the record.
    """

    def __init__(self, run_dir: Path, challenges: Mapping[str, Mapping[str, Json]], setup: CryptoSetup) -> None:
        self._setup = setup
        self._folder = open_folder(run_dir, VIEWS_DIR, make=True)
        self._challenges = challenges
        self._open: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._temporary: dict[str, str] = {}

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        trial = record.trial
        challenge = challenge_of(self._challenges, trial)
        views: Mapping[str, bytes]
        if bundle is None:
            views = dict(_views(record, challenge, self._setup, _said(record.transcript.entries)))
        else:
            views = bundle.files
        for role in roles(challenge):
            name = _file_name(role)
            place = encode_line({"challenge_id": trial.unit, "rep": trial.plan["rep"], "role": role})
            self._file(name).write(place[:-2] + b"," + views[f"{VIEWS_DIR}/{name}.json"][1:])

    def _file(self, name: str) -> IO[bytes]:
        file = self._open.get(name)
        if file is not None:
            self._open.move_to_end(name)
            return file
        if len(self._open) >= MAX_OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        if name in self._temporary:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
            file = os.fdopen(open_regular(self._temporary[name], flags, self._folder), "ab")
        else:
            self._temporary[name] = temporary_name(name)
            file = os.fdopen(create(self._folder, self._temporary[name]), "wb")
        self._open[name] = file
        return file

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        for name, temporary in self._temporary.items():
            os.replace(temporary, f"{name}.jsonl", src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.close(self._folder)
