"""The crypto family's derived files: the bundle of each match and role_views/<RoleId>.jsonl. Floor F3."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

from arena.crypto.data import CryptoSetup, match_path, roles
from arena.crypto.views import public_turns, role_messages
from arena.journal import encode_line
from arena.records import Json
from arena.schema import encode_role

MAX_OPEN_FILES = 64
"""Role-view files held open at once while exporting; a challenge set has more roles than a process may open files."""


def match_json(record: dict[str, Json], challenge: Mapping[str, Json], setup: CryptoSetup) -> dict[str, Json]:
    """Return match.json: the predecessor's match object without transcript and views, which stand beside it."""
    out: dict[str, Json] = {
        "challenge_id": challenge["id"],
        "challenge_name": challenge["name"],
        "difficulty": challenge["difficulty"],
    }
    for name in ("primitive_family", "split"):
        if name in challenge:
            out[name] = challenge[name]
    scored = record["unscored"] is None and record["status"] == "done"
    out |= {
        "participants": [participant["id"] for participant in challenge["participants"]],
        "initiator_agent_id": challenge["self_play"]["initiator_agent_id"],
        "models": {role: setup.role_models.get(role, setup.participant) for role in roles(challenge)},
        "max_turns": setup.max_turns,
        "rep": record["plan"]["rep"],
        "seed": record["seed"],
        "instance": record.get("instance"),
        "attempt": record["attempt"],
        "status": record["status"],
        "stop": record["stop"],
        "flags": record["flags"],
        "outcome": record["outcome"],
        "judge_verdict": {"scores": record["scores"], "verdict": record["verdict"]} if scored else None,
        "unscored": record["unscored"],
        "error": record["detail"] if record["status"] == "error" else None,
        "detail": record["detail"],
        "usage": record["usage"],
        "judging": record["judging"],
    }
    return out


def write_bundle(run_dir: Path, record: dict[str, Json], challenge: Mapping[str, Json], setup: CryptoSetup) -> None:
    """Write matches/<challenge id>/rep_<r>/: match.json, transcript.json and role_views/<RoleId>.json.

    The files are derived and can be rebuilt from matches.jsonl, so they are written plainly.
    """
    folder = f"{run_dir}/matches/{match_path(challenge['id'], record['plan']['rep'])}"
    views = folder + "/role_views"
    _make_folders(folder, views)
    entries = record["transcript"]
    _write(folder + "/match.json", encode_line(match_json(record, challenge, setup)))
    transcript = {"stop": record["stop"], "transcript": public_turns(entries), "entries": _private(entries)}
    _write(folder + "/transcript.json", encode_line(transcript))
    for role in roles(challenge):
        _write(f"{views}/{_file_name(role)}.json", _view(record, challenge, role, setup))


def _make_folders(folder: str, inner: str) -> None:
    """Make a match's folders; mostly the one above exists, so asking for it first would be the slower way."""
    try:
        os.mkdir(folder)
        os.mkdir(inner)
    except OSError:
        os.makedirs(inner, exist_ok=True)


def _view(record: dict[str, Json], challenge: Mapping[str, Json], role: str, setup: CryptoSetup) -> bytes:
    """Return the system prompt and messages of a role as one line of JSON."""
    messages = encode_line(role_messages(record["transcript"], role))
    prompt = encode_line(setup.view_prompt(challenge, role, record.get("instance")))[:-1]
    return b'{"system_prompt":' + prompt + b',"messages":' + messages[:-1] + b"}\n"


_file_name = lru_cache(maxsize=1024)(encode_role)


def _private(entries: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Return what was not said in public (calls, notes, re-asks), each with its turn and place among the entries."""
    return [{"place": place, **entry} for place, entry in enumerate(entries) if entry["kind"] != "say"]


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


class RoleViews:
    """Writes role_views/<RoleId>.jsonl: one line per match in which the role played, in plan order.

    The views are taken from the bundles, which this process has written from the same records: building them again
    would be a fifth of the time that a match of plain talk takes.
    """

    def __init__(self, run_dir: Path, challenges: Mapping[str, Mapping[str, Json]]) -> None:
        self._run_dir = run_dir
        self._folder = run_dir / "role_views"
        self._folder.mkdir(exist_ok=True)
        self._challenges = challenges
        self._open: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._names: set[str] = set()

    def add(self, record: dict[str, Json]) -> None:
        challenge_id, rep = record["unit"], record["plan"]["rep"]
        bundle = f"{self._run_dir}/matches/{match_path(challenge_id, rep)}/role_views"
        for role in roles(self._challenges[challenge_id]):
            name = _file_name(role)
            place = encode_line({"challenge_id": challenge_id, "rep": rep, "role": role})
            with open(f"{bundle}/{name}.json", "rb", buffering=0) as view:
                self._file(name).write(place[:-2] + b"," + view.read()[1:])

    def _file(self, name: str) -> IO[bytes]:
        file = self._open.get(name)
        if file is not None:
            self._open.move_to_end(name)
            return file
        if len(self._open) >= MAX_OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        file = (self._folder / f".{name}.tmp").open("ab" if name in self._names else "wb")
        self._names.add(name)
        self._open[name] = file
        return file

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        for name in self._names:
            os.replace(self._folder / f".{name}.tmp", self._folder / f"{name}.jsonl")
