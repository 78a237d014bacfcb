"""A journal that has lost lines is noticed at resume, in every family, and the run comes out the same."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.support.arena_rig import Ended, command, results
from tests.support.chaos.setups import RISK_CLOCKED

CRYPTO = ("run", "--limit", "2", "--max-turns", "4", "--participant-model", "mock/careless", "--judge-tools")
TALK = ("cheaptalk", "run", "--num-tasks", "2", "--milestones", "milestone4", "--series", "1", "--llm-eval")
RISK = ("risk", "run", "--trials", "1", "--defences", "none,gates", "--max-total-tokens", "9999999")
FAMILIES = {"crypto": CRYPTO, "cheaptalk": TALK, "risk": RISK}


def play(out: Path, family: str, *words: str) -> Ended:
    return command(*FAMILIES[family], "--out", out, "--workers", "1", "--quiet", *words)


def promised(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in results(out).items() if Path(name).name not in RISK_CLOCKED}


@pytest.fixture(scope="module", params=FAMILIES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    if request.param == "crypto":
        request.getfixturevalue("calculator_binary")
    out = tmp_path_factory.mktemp(request.param) / "run"
    assert play(out, request.param).code == 0
    return request.param, out


def journal(out: Path) -> list[bytes]:
    return (out / "api_calls.jsonl").read_bytes().splitlines(keepends=True)


def test_missing_last_line_of_the_journal_is_noticed(whole: tuple[str, Path], tmp_path: Path) -> None:
    family, source = whole
    out = Path(shutil.copytree(source, tmp_path / "run"))
    lines = journal(out)
    (out / "api_calls.jsonl").write_bytes(b"".join(lines[:-1]))
    ended = play(out, family, "--resume")
    assert ended.code == 0 and "api_calls.jsonl: lines are missing: 1 recorded" in ended.err
    assert promised(out) == promised(source)
    assert len(journal(out)) == len(lines), "only the missing call was made again"


def test_whole_journal_is_found_whole(whole: tuple[str, Path], tmp_path: Path) -> None:
    family, source = whole
    out = Path(shutil.copytree(source, tmp_path / "run"))
    ended = play(out, family, "--resume")
    assert ended.code == 0 and "missing" not in ended.err
    assert journal(out) == journal(source)


def test_any_missing_line_of_the_journal_is_noticed(whole: tuple[str, Path], tmp_path: Path) -> None:
    """Also one of a tool, and one in the middle; calls that draw values are computed again as they were."""
    family, source = whole
    lines = journal(source)
    kinds = Counter(line.split(b'"')[3] for line in lines)
    for kind in kinds:
        at = next(n for n, line in enumerate(lines) if line.split(b'"')[3] == kind and b"(setup)" not in line)
        out = Path(shutil.copytree(source, tmp_path / kind.decode()))
        (out / "api_calls.jsonl").write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
        ended = play(out, family, "--resume")
        assert ended.code == 0 and "lines are missing" in ended.err, kind
        records = (out / "matches.jsonl").read_bytes().count(b"\n")
        assert records == (source / "matches.jsonl").read_bytes().count(b"\n")
