"""What the default run sends, all challenges with mock players, is bounded."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.arena_rig import arena

MOST_PROMPT_TOKENS = 4_000_000
"""Players and judge together, as the mock models count: a quarter of the characters. Four groups of five and six seats,
with up to 23 turns a match, take 0.55 million of them."""


def test_the_default_run_sends_a_bounded_number_of_tokens(tmp_path: Path, calculator_binary: Path) -> None:
    out = tmp_path / "run"
    assert arena("--quiet", "--out", str(out)).code == 0
    lines = [json.loads(line) for line in (out / "api_calls.jsonl").read_text(encoding="utf-8").splitlines()]
    sent = [line["reply"]["usage"]["prompt_tokens"] for line in lines if line["kind"] in ("model", "judge")]
    assert len((out / "matches.jsonl").read_text(encoding="utf-8").splitlines()) == 72
    assert 0 < sum(sent) <= MOST_PROMPT_TOKENS
