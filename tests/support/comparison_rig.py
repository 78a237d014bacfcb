"""Makes finished run directories for comparisons without playing: the example run's manifest, records as asked for.

    base = Made(tmp_path / "base").write({"c1": [3, 4], "c2": [None, 5]})     # a grade per repetition, None: unscored
    tuned = Made(tmp_path / "tuned", model="mock/careless").write(...)

One grade is used for all five dimensions; a match is a dict if more is needed (`match` below).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.arena_rig import DIMENSIONS, ROOT, challenge
from tests.support.made_manifest import made_manifest
from tests.support.plain_records import stored

EXAMPLE = ROOT / "state/examples/mock-three"
OUTCOMES = ("SUCCESS", "SUBSTANTIAL", "PARTIAL", "FAILED")
_STOPS = {"done": "agreed_end", "aborted": "player_fault", "denied": "gate_denied", "limit": "budget",
          "error": "provider"}  # fmt: skip


def outcome_of(scores: Sequence[int]) -> str:
    """Return the outcome by the rule `floor`."""
    return OUTCOMES[0 if min(scores) >= 4 else 1 if min(scores) >= 3 else 2 if min(scores) >= 2 else 3]


def match(*grades: int, status: str = "done", **judging: Any) -> dict[str, Any]:
    """Return the special members of a record: five grades, or one for all, or none; `judging` is used unchanged."""
    scores = grades if len(grades) != 1 else grades * len(DIMENSIONS)
    done = status == "done"
    outcome = "FAILED" if status == "aborted" else outcome_of(scores) if done and scores else None
    return {
        "status": status, "stop": _STOPS[status], "outcome": outcome, "judging": judging,
        "scores": dict(zip(DIMENSIONS, scores, strict=True)) if scores else {},
        "unscored": "unparsable verdict: none" if done and not scores else None,
    }  # fmt: skip


def verified(*grades: int, rule: str = "cap", version: int = 1) -> dict[str, Any]:
    """Return `judging.verified` with one grade for all dimensions, or five."""
    scores = grades if len(grades) != 1 else grades * len(DIMENSIONS)
    return {"rule": rule, "version": version, "scores": dict(zip(DIMENSIONS, scores, strict=True)), "caps": [],
            "outcome": outcome_of(scores)}  # fmt: skip


Cells = Mapping[str, Sequence[int | None | Mapping[str, Any]]]


@dataclass
class Made:
    """A run directory that is made. `settings` and `rules` change its identity; `padding` lengthens each record."""

    folder: Path
    model: str = "mock/careful"
    judge: str = "mock/judge"
    settings: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    challenges: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Challenges that are not as `tests.support.arena_rig.challenge` makes them, by id."""
    padding: int = 0

    def write(self, cells: Cells) -> Path:
        """Write challenge -> one entry a repetition (None: unscored; {}: not played); return the run directory."""
        self.folder.mkdir(parents=True)
        (self.folder / "inputs").mkdir()
        played = [self.challenges.get(name, challenge(name)) for name in cells]
        self._json("inputs/challenges.json", played)
        repetitions = max(len(entries) for entries in cells.values())
        self._json("manifest.json", self._manifest(repetitions, json.dumps(played)))
        with (self.folder / "matches.jsonl").open("w", encoding="utf-8") as file:
            for rep in range(repetitions):
                for name, entries in cells.items():
                    if rep < len(entries) and entries[rep] != {}:
                        file.write(json.dumps(self._record(name, rep, entries[rep])) + "\n")
        summary = {"mean_scores": dict.fromkeys(DIMENSIONS), "outcomes": dict.fromkeys(OUTCOMES, 0), "conditions": [],
                   "optional_scores": []}  # fmt: skip
        self._json("summary.json", {**summary, "n_planned": sum(len(entries) for entries in cells.values())})
        return self.folder

    def _json(self, name: str, value: Any) -> None:
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")

    def _manifest(self, repetitions: int, content: str) -> dict[str, Any]:
        digests = {"challenges_sha256": f"of {content}", "prompts_sha256": f"of {content}"}
        return made_manifest(
            {
                "models": {"participant": self.model, "judge": self.judge},
                "settings": {"repetitions": repetitions, **self.settings},
                "rules": {**digests, **self.rules},
            }
        )

    def _record(self, name: str, rep: int, entry: int | None | Mapping[str, Any]) -> dict[str, Any]:
        particular = entry if isinstance(entry, Mapping) else match() if entry is None else match(entry)
        said = [{"turn": 0, "from": "Ana", "to": "all", "kind": "say", "text": "x" * self.padding}]
        return stored({
            "key": f"crypto/{name}/rep_{rep}", "family": "crypto", "unit": name, "cell": {"participant": self.model},
            "seed": "00" * 32, "plan": {"challenge_id": name, "rep": rep}, "attempt": 0, "detail": "",
            "transcript": said, "usage": {}, "verdict": None, **particular,
        })  # fmt: skip
