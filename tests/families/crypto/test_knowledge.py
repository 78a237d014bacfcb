"""The notes on families: of a size that is read, on families that exist, with ops that the calculator has."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.schema import load

ROOT = Path(__file__).resolve().parents[3]
NOTES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/crypto-knowledge").glob("*.md"))}
SET = load(ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json")
FAMILIES = {challenge["primitive_family"] for challenge in SET.challenges}
MOST_LINES = 110
"""About two pages."""

each_note = pytest.mark.parametrize("name", NOTES)


@pytest.fixture(scope="module")
def catalogue(calculator_binary: Path) -> dict[str, Any]:
    ended = subprocess.run([str(calculator_binary), "--ops"], capture_output=True, text=True, check=True)
    found = json.loads(ended.stdout)
    assert isinstance(found, dict)
    return found


def ops_of(catalogue: dict[str, Any]) -> set[str]:
    return {row["name"] for row in catalogue["ops"]}


def in_code(text: str) -> set[str]:
    """The words in backticks that may name an op or a part of one."""
    return set(re.findall(r"`([a-z][a-z0-9_]*)`", text))


def unknown(text: str, catalogue: dict[str, Any]) -> set[str]:
    """Words in backticks that are no op, begin none (`frost_`) and occur nowhere else in the catalogue (parameters,
    results, choices)."""
    words = set(re.findall(r"[a-z][a-z0-9_]*", json.dumps(catalogue)))
    left = in_code(text) - ops_of(catalogue) - words
    return {word for word in left if not (word.endswith("_") and any(op.startswith(word) for op in ops_of(catalogue)))}


def test_there_are_notes() -> None:
    assert len(NOTES) >= 10


@each_note
def test_a_note_is_on_a_family_of_the_set_and_at_most_two_pages_long(name: str) -> None:
    assert name in FAMILIES
    assert NOTES[name].splitlines()[0].startswith("# ")
    assert len(NOTES[name].splitlines()) <= MOST_LINES


@each_note
def test_every_op_that_a_note_names_exists(name: str, catalogue: dict[str, Any]) -> None:
    assert in_code(NOTES[name]) & ops_of(catalogue), "its steps name the calculator's ops"
    assert unknown(NOTES[name], catalogue) == set()


def test_a_misspelt_op_is_found(catalogue: dict[str, Any]) -> None:
    assert unknown("Use `comit_hash`, then `open_hash` with `nonce`.", catalogue) == {"comit_hash"}
