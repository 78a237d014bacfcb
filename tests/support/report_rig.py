"""Runs for tests of the report: small run directories written by hand, and the page taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from arena.cli.entry import main
from tests.support.arena_rig import DIMENSIONS
from tests.support.made_manifest import made_manifest
from tests.support.plain_records import stored

HOSTILE: dict[str, str] = json.loads(
    (Path(__file__).resolve().parents[1] / "data/hostile_texts/texts.json").read_text(encoding="ascii")
)
VOID = frozenset({"meta", "input", "br", "col", "wbr"})


def record(unit: str = "c1", rep: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a scored match of two roles; `score` gives all five dimensions one value."""
    score = changes.pop("score", 4)
    whole: dict[str, Any] = {
        "key": f"crypto/{unit}/rep_{rep}",
        "family": "crypto",
        "unit": unit,
        "cell": {"participant": "local/m", "difficulty": "Basic"},
        "seed": "00" * 32,
        "plan": {"challenge_id": unit, "rep": rep},
        "instance": None,
        "attempt": 0,
        "status": "done",
        "stop": "agreed_end",
        "detail": "",
        "flags": [],
        "gates": [],
        "transcript": [
            {"turn": 0, "from": "Ana", "to": ["Ana"], "kind": "call", "id": "0.0.0", "step": 0, "index": 0,
             "op": "hash", "args": {"m": "x"}, "answer": {"ok": True, "result": "ab"}},
            {"turn": 0, "from": "Ana", "to": "all", "kind": "say", "text": "Good morning, Bo."},
            {"turn": 1, "from": "Bo", "to": ["Bo"], "kind": "malformed", "text": "{call", "problem": "not closed"},
            {"turn": 1, "from": "Bo", "to": "all", "kind": "say", "text": "Agreed.", "done": {"result": 7}},
        ],
        "usage": {"Ana": {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5, "tool_calls": 1},
                  "Bo": {"calls": 2, "prompt_tokens": 20, "completion_tokens": 6}},
        "scores": dict.fromkeys(DIMENSIONS, score),
        "unscored": None,
        "outcome": "SUCCESS" if score >= 4 else "SUBSTANTIAL" if score >= 3 else "PARTIAL" if score >= 2 else "FAILED",
        "verdict": "They settled it.",
        "judging": {"asks": 1},
    }  # fmt: skip
    return {**whole, **changes}


def fault(unit: str = "c1", rep: int = 0, status: str = "error", stop: str = "provider") -> dict[str, Any]:
    """Return a match without a score."""
    outcome = "FAILED" if status == "aborted" else None
    return record(unit, rep, status=status, stop=stop, detail="HTTP 500", scores={}, outcome=outcome, verdict=None,
                  unscored=f"not judged: {stop}", judging={})  # fmt: skip


def write_run(
    folder: Path, records: Sequence[Mapping[str, Any]], planned: int | None = None, closed: bool = True, **manifest: Any
) -> Path:
    """Write a run directory of manifest and records; `closed`: with the field a session's end adds to each record."""
    folder.mkdir(parents=True)
    identity = {
        "settings": {"seed": 0, "max_turns": 15},
        "models": {"participant": "local/m", "roster": ["local/m"], "judge": "local/j"},
        "calculator": {"provider": "process", "version": "0.1.0"},
        "plan": {"count": len(records) if planned is None else planned},
        **manifest.pop("identity", {}),
    }
    whole = made_manifest(identity, **manifest)
    (folder / "manifest.json").write_text(json.dumps(whole), encoding="utf-8")
    lines = [{**stored(dict(one)), **({"prev": "22" * 32} if closed else {})} for one in records]
    if lines:
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        (folder / "matches.jsonl").write_text(text, encoding="utf-8")
    return folder


class Parsed(HTMLParser):
    """A page taken apart: `tags` in order with their attributes, `texts` between them; unbalanced markup fails."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        """The text of the page, with plain spaces instead of non-breaking ones."""
        return "".join(self.texts).replace("\u00a0", " ")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def report(*words: str | Path) -> int:
    """Carry out `arena report WORDS --quiet`."""
    return main(["report", *map(str, words), "--quiet"])


def page(run: Path) -> Parsed:
    """Write the report of a run and return it taken apart."""
    assert report(run) == 0
    return Parsed((run / "report.html").read_text(encoding="utf-8"))


def untimed(text: str) -> str:
    """Return a page without its marked time section."""
    cut, count = re.subn(r"<!-- time section.*?<!-- end of the time section -->", "", text, flags=re.S)
    assert count >= 1
    return cut
