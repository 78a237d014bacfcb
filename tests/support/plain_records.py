"""Records in a form that is short to write and read in a test, and the lines of matches.jsonl that they are.

A plain record has values of a free shape as they are (not as JSON in a text), None for text that is not there, `usage`
as seat -> counters other than 0, of an entry only the members of its kind (`done` holds the result), and in `judging`
also what the family determined (`checks`, `verified`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from arena.families.crypto.checks.results import MatchDetail
from arena.formats.decode import encode
from arena.formats.json_text import json_text
from arena.records import COUNTERS, EVERYBODY, RECORD_FORMAT, Counters, Entry, Judging, Record

CHECKS = {
    "version": 1,
    "textbook_names": {"ok": True, "found": []},
    "leaks": None,
    "result": None,
    "artefacts": {"ok": True, "count": 0, "real": 0, "share": None, "unreal": []},
    "tools": {"ok": True, "calls": 0, "failed": 0, "malformed": 0, "unused": 0, "unused_calls": []},
}
"""Of a match without calls and values, for records that name none."""

_TEXTS = ("plan", "instance")
_ABSENT = ("series", "unscored", "outcome", "verdict")
_JUDGING = tuple(one.name for one in fields(Judging))


def entry(plain: dict[str, Any]) -> Entry:
    """Return the entry of a plain one."""
    to = plain.get("to", "all")
    done = plain.get("done")
    return Entry(
        plain["turn"],
        plain["from"],
        EVERYBODY if to == "all" else tuple(to),
        plain["kind"],
        plain.get("step", 0),
        plain.get("text", ""),
        done is not None,
        None if done is None else done["result"],
        plain.get("id", "0.0.0" if plain["kind"] == "call" else ""),
        plain.get("index", 0),
        plain.get("op", ""),
        plain.get("args"),
        plain.get("answer"),
        plain.get("problem", ""),
    )


def entries(*plain: dict[str, Any]) -> list[Entry]:
    return [entry(one) for one in plain]


def stored(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the line of matches.jsonl for a plain record; a member of a wrong type stays as it is."""
    line = {
        "format": RECORD_FORMAT, "series": None, "cast": [], "instance": None, "gates": [], "flagged": False,
        **plain,
    }  # fmt: skip
    line["flagged"] = bool(line.pop("flags", line["flagged"]))
    for name in _TEXTS:
        line[name] = json_text(line[name])
    line["gates"] = json_text(line["gates"])
    for name in _ABSENT:
        line[name] = line[name] or ""
    line["transcript"] = [encode(entry(one)) for one in line["transcript"]]
    line["usage"] = [encode(Counters(seat, **counters)) for seat, counters in line["usage"].items()]
    line["scores"] = {name: None if value is None else float(value) for name, value in line["scores"].items()}
    judging = dict(line["judging"])
    detail = {name: judging.pop(name) for name in list(judging) if name not in _JUDGING}
    line["score_detail"] = json_text({**({"checks": CHECKS} if "verified" in detail else {}), **detail})
    judging["usage"] = Counters(**judging.get("usage", {}))
    line["judging"] = {**encode(Judging()), **encode(Judging(**{**judging, "calls": (), "panel": ()}))}
    panel = [{"unscored": None, "verdict": None, **one} for one in judging.get("panel", [])]
    line["judging"] |= {"calls": json_text(judging.get("calls", [])), "panel": json_text(panel)}
    order = ("format", "key", "family", "unit", "cell", "series", "seed", "cast", "plan", "instance", "attempt",
             "status", "stop", "detail", "flagged", "gates", "transcript", "usage", "scores", "unscored", "outcome",
             "verdict", "judging", "score_detail", "prev")  # fmt: skip
    return {name: line[name] for name in order if name in line}


def read(plain: dict[str, Any]) -> Record:
    """Return the record for a plain one, of the crypto family."""
    return Record.from_json(stored(plain), "", detail=MatchDetail)


def plain(line: dict[str, Any]) -> dict[str, Any]:
    """Return the plain form of a line of matches.jsonl."""
    out = dict(line)
    for name in (*_TEXTS, "gates"):
        out[name] = json.loads(out[name]) if out[name] else None
    for name in _ABSENT:
        out[name] = out[name] or None
    out["flags"] = [out["stop"]] if out.pop("flagged") else []
    out["transcript"] = [_plain_entry(one) for one in out["transcript"]]
    out["usage"] = {one["seat"]: _counted(one) for one in out["usage"]}
    judging = {name: value for name, value in out["judging"].items() if name not in ("calls", "panel", "usage")}
    judging["usage"] = _counted(out["judging"]["usage"])
    judging |= {name: json.loads(out["judging"][name]) for name in ("calls", "panel")}
    out["judging"] = {name: value for name, value in judging.items() if value}
    out["judging"] |= json.loads(out.pop("score_detail"))
    return out


def _counted(counters: dict[str, Any]) -> dict[str, int]:
    return {name: counters[name] for name in COUNTERS if counters[name]}


def _plain_entry(line: dict[str, Any]) -> dict[str, Any]:
    out = {name: line[name] for name in ("turn", "from", "kind", "step")}
    out["to"] = "all" if line["to"] == ["all"] else line["to"]
    if line["done"]:
        out["done"] = {"result": json.loads(line["result"]) if line["result"] else None}
    if line["kind"] == "call":
        out |= {name: line[name] for name in ("id", "index", "op")}
        out |= {name: json.loads(line[name]) for name in ("args", "answer")}
    elif line["text"] or line["kind"] == "say":
        out["text"] = line["text"]
    return {**out, "problem": line["problem"]} if line["problem"] else out


def records_of(run: Path) -> list[dict[str, Any]]:
    """Return the plain records of a run, in the order of the file."""
    return plains((run / "matches.jsonl").read_bytes().splitlines())


def plains(lines: Iterable[bytes | str]) -> list[dict[str, Any]]:
    return [plain(json.loads(line)) for line in lines]
