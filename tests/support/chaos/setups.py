"""The runs that are disturbed: every family with every kind of provider, 8 workers each."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.arena_rig import CLOCKED, ROOT
from tests.support.http_server import KEY

WORKERS = 8
CHALLENGES, CHALLENGES_FILE = 4, "challenges.json"
RISK_CLOCKED = frozenset(
    {"comment.md", "gate_times.json", "index.html", "run.json", "rows.jsonl", "summary.csv", "summary.md"}
)
"""Further files with clock values in runs of `arena risk` (docs/run-directory.md)."""


@dataclass(frozen=True, slots=True)
class Setup:
    """One run. `words`: its command; `{source}` means the run of the setup `source`, which it replays, and
    `{challenges}` for a file with some of the project's own.

    `served`: it is answered over HTTP.  `tools`: it starts calculator processes.
    """

    name: str
    words: tuple[str, ...]
    served: bool = False
    tools: bool = False
    source: str = ""
    clocked: frozenset[str] = CLOCKED

    @property
    def processes(self) -> bool:
        return "--processes" in self.words

    def command(self, out: Path, runs: Path, *more: str) -> list[str]:
        source, challenges = str(runs / self.source), str(runs / CHALLENGES_FILE)
        words = [word.replace("{source}", source).replace("{challenges}", challenges) for word in self.words]
        return [*words, "--workers", str(WORKERS), "--out", str(out), "--quiet", *more]


_SERVED = ("--participant-model", "local/player", "--judge-model", "local/judge")
_REPLAYED = ("--participant-model", "replay/{source}", "--judge-model", "replay/{source}")
_CRYPTO = ("run", "--challenges", "{challenges}", "--max-turns", "5")
_TALK = ("cheaptalk", "run", "--milestones", "milestone4", "--num-tasks", "3", "--series", "1", "--llm-eval")
_RISK = ("risk", "run", "--trials", "1", "--defences", "none,gates", "--max-total-tokens", "9999999")
_RISK_SERVED = ("--model", "local/player", "--mode", "REAL")

SETUPS = (
    Setup("crypto, packed bundles", (*_CRYPTO, "--calculator-provider", "none", "--bundles", "packed")),
    Setup("crypto over HTTP", (*_CRYPTO, *_SERVED), served=True, tools=True),
    Setup("crypto, mock", (*_CRYPTO, "--participant-model", "mock/careless", "--judge-tools"), tools=True),
    Setup("crypto, replay", (*_CRYPTO, *_REPLAYED, "--calculator-provider", "none"), source="crypto over HTTP"),
    Setup("crypto, 2 processes", (*_CRYPTO, *_SERVED, "--processes", "2"), served=True, tools=True),
    Setup("cheap talk over HTTP", (*_TALK, *_SERVED), served=True),
    Setup("cheap talk, mock", _TALK),
    Setup("cheap talk, replay", (*_TALK, *_REPLAYED), source="cheap talk over HTTP"),
    Setup("risk over HTTP", (*_RISK, *_RISK_SERVED), served=True, clocked=CLOCKED | RISK_CLOCKED),
    Setup("risk, mock", (*_RISK, "--model", "mock/gullible"), clocked=CLOCKED | RISK_CLOCKED),
)


def write_challenges(path: Path) -> None:
    """Write a file with a few challenges of the project's own, so that a run need not read all of them."""
    whole = json.loads((ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json").read_bytes())
    path.write_text(json.dumps({**whole, "challenges": whole["challenges"][:CHALLENGES]}), encoding="utf-8")


def environment(url: str) -> Mapping[str, str]:
    """Return the whole environment of a run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "ARENA_NO_DOTENV": "1", "ARENA_LOCAL_BASE_URL": url, "ARENA_LOCAL_API_KEY": KEY}
