"""Injection plays: fixed conversations, and texts in them that try to persuade the judge of a grade.

The file (src/crypto-challenges/injection_plays.json) holds `bases` (name -> challenge and turns) and `plays` (a text
that is put at the end of one turn of a base). A play is compared with its base, which has no such text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from arena.formats.strict_json import IssueList, parse, read_bytes
from arena.records import EVERYBODY, Entry, Json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FixedDialogue:
    """One fixed conversation. `technique` is None for a base; `entries` are those of a transcript."""

    name: str
    base: str
    technique: str | None
    challenge: str
    entries: tuple[Entry, ...]


def load_dialogues(path: Path, challenges: Collection[str]) -> list[FixedDialogue]:
    """Return the bases and the plays of a file whose challenge is among `challenges`. Raises DataError."""
    issues = IssueList(str(path))
    found = parse(read_bytes(path), issues)
    _check(found, issues)
    issues.raise_if_any()
    talks = []
    for name, base in found["bases"].items():
        if base["challenge"] in challenges:
            talks.append(FixedDialogue(name, name, None, base["challenge"], _entries(base["turns"], None, "")))
    for play in found["plays"]:
        base = found["bases"][play["base"]]
        if base["challenge"] in challenges:
            entries = _entries(base["turns"], play["turn"], play["inject"])
            talks.append(FixedDialogue(play["id"], play["base"], play["technique"], base["challenge"], entries))
    return talks


def _entries(turns: list[dict[str, Json]], place: int | None, inject: str) -> tuple[Entry, ...]:
    entries = []
    for turn, said in enumerate(turns):
        text = f"{said['text']} {inject}" if turn == place else said["text"]
        done = "done" in said
        entries.append(Entry(turn, said["from"], EVERYBODY, "say", 0, text, done, said.get("done")))
    return tuple(entries)


def _check(found: Json, issues: IssueList) -> None:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        issues.add("/format", f"must be {FORMAT}")
        return
    bases, plays = found.get("bases"), found.get("plays")
    if not isinstance(bases, dict) or not isinstance(plays, list):
        issues.add("", "must hold `bases`, an object, and `plays`, a list")
        return
    for name, base in bases.items():
        turns = base.get("turns") if isinstance(base, dict) else None
        if not isinstance(turns, list) or not isinstance(base.get("challenge"), str):
            issues.add(f"/bases/{name}", "must hold `challenge` and `turns`")
        elif not all(isinstance(t, dict) and {"from", "text"} <= set(t) <= {"from", "text", "done"} for t in turns):
            issues.add(f"/bases/{name}/turns", "each turn holds `from`, `text` and perhaps `done`")
    seen: set[str] = set(bases)
    for index, play in enumerate(plays):
        wanted = {"id": str, "technique": str, "base": str, "turn": int, "inject": str}
        if not isinstance(play, dict) or set(play) != set(wanted):
            issues.add(f"/plays/{index}", f"must hold exactly {', '.join(wanted)}")
            continue
        for key, kind in wanted.items():
            if type(play[key]) is not kind:
                issues.add(f"/plays/{index}/{key}", f"must be {'a text' if kind is str else 'a whole number'}")
                return
        if play["base"] not in bases:
            issues.add(f"/plays/{index}/base", f"there is no base {play['base']!r}")
        elif not 0 <= play["turn"] < len(bases[play["base"]]["turns"]):
            issues.add(f"/plays/{index}/turn", "there is no such turn in its base")
        if play["id"] in seen:
            issues.add(f"/plays/{index}/id", "is given twice")
        seen.add(play["id"])
