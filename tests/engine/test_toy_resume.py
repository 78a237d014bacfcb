"""Resume, retry, limits and verification of a run that holds series, by the toy family."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.engine import build
from arena.messages import CallKey
from arena.providers.replay import Recording
from arena.store.journal import encode_line
from tests.support.arena_rig import NO_TOOLS, Ended
from tests.support.toy.run import REGISTRY_ROWS, toy
from tests.support.verify_rig import edit_lines, launder, verify


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run of six deliveries, three of them a series."""
    out = tmp_path / "run"
    assert toy("--out", str(out)).code == 0
    return out


def lines(folder: Path, name: str = "matches.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def asked(folder: Path) -> int:
    """Return how many model and judge calls a run has made."""
    return sum(line["kind"] != "tool" for line in lines(folder, "api_calls.jsonl"))


def kept(ended: Ended) -> str:
    return ended.err.partition("resuming ")[2].partition(": ")[2].partition(" kept")[0]


def test_resume_of_a_complete_run_plays_nothing(run: Path) -> None:
    before, calls = (run / "matches.jsonl").read_bytes(), asked(run)
    ended = toy("--resume", "--out", str(run))
    assert ended.code == 0 and "the plan is already complete" in ended.err
    assert (run / "matches.jsonl").read_bytes() == before and asked(run) == calls


def test_resumed_series_goes_on_from_its_past(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    toy("--workers", "1", "--max-calls", "22", "--out", str(out))
    status = {record["key"]: record["status"] for record in lines(out)}
    assert (status["toy/p0/hurried/rep_0"], status["toy/p1/hurried/rep_0"]) == ("done", "limit")
    assert toy("--resume", "--out", str(out)).code == 0
    assert (out / "matches.jsonl").read_bytes() == (run / "matches.jsonl").read_bytes()


def test_limit_counts_over_all_sessions_of_a_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert toy("--workers", "1", "--max-calls", "10", "--out", str(out)).code == 0
    assert asked(out) == 10
    assert toy("--workers", "1", "--max-calls", "13", "--resume", "--out", str(out)).code == 0
    assert asked(out) == 13


def test_outage_is_counted_beside_every_mean(tmp_path: Path) -> None:
    out = tmp_path / "run"
    toy("--workers", "1", "--max-calls", "10", "--out", str(out))
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["statuses"]["limit"] == 1 and summary["unscored"] == 0
    assert summary["scored"] == summary["statuses"]["done"] == summary["n_matches"] - 1


def test_interrupted_retry_continues_the_same_attempts(tmp_path: Path) -> None:
    words = ("--participant-model", "mock/careless", "--workers", "1", "--out", str(tmp_path / "run"))
    toy(*words)
    run = tmp_path / "run"
    assert {record["status"] for record in lines(run)} == {"aborted"} and asked(run) == 24
    retry = (*words, "--resume", "--retry", "aborted")
    toy(*retry, "--max-calls", "33")  # two of six are played again, the third is stopped
    assert kept(toy(*retry)) == "2 of 6"
    assert {record["attempt"] for record in lines(run)} == {1} and asked(run) == 48
    assert kept(toy(*retry)) == "0 of 6", "a retry that ended is followed by a new one"
    assert {record["attempt"] for record in lines(run)} == {2} and asked(run) == 72


def test_verify_looks_at_what_follows_an_error_in_a_series(run: Path) -> None:
    """A forged error, with the calls to go with it, hides nothing behind it."""
    first, last = "toy/p0/hurried/rep_0", "toy/p2/hurried/rep_0"

    def forge(record: dict[str, Any]) -> None:
        if record["key"] == first:
            record |= {"status": "error", "stop": "provider", "scores": {}, "outcome": "", "verdict": ""}
            record |= {"unscored": "error: provider", "detail": "down", "transcript": [], "score_detail": "{}"}
            record["usage"] = [
                {name: value if name == "seat" else 0 for name, value in one.items()} for one in record["usage"]
            ]
            record["judging"] = {**record["judging"], "asks": 0}
            record["judging"]["usage"] = dict.fromkeys(record["judging"]["usage"], 0) | {"seat": ""}
        if record["key"] == last:
            record["scores"]["boxes"] = 9

    edit_lines(run / "matches.jsonl", forge)
    calls = lines(run, "api_calls.jsonl")
    failed = next(call for call in calls if call["trial"] == first)
    failed["fault"] = {"reason": "provider", "message": "down"}
    del failed["reply"]
    left = [call for call in calls if call["trial"] != first or call is failed]
    (run / "api_calls.jsonl").write_bytes(b"".join(encode_line(call) for call in left))
    launder(run)
    ended = verify(run, *NO_TOOLS)
    problems = [line for line in ended.out.splitlines() if line.startswith("PROBLEM")]
    assert ended.code == 1 and any(last in line and "does not follow from its calls" in line for line in problems)


def test_replay_takes_the_attempt_of_the_record(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    calls = lines(copy, "api_calls.jsonl")
    later = [{**call, "attempt": 1, "answer": {"ok": True, "result": {"on_shelf": 99}}} for call in calls
             if call["kind"] == "tool"]  # fmt: skip
    with (copy / "api_calls.jsonl").open("ab") as file:
        file.write(b"".join(encode_line(call) for call in later))
    call = next(call for call in calls if call["kind"] == "tool")
    place = CallKey(call["trial"], 0, call["seat"], call["turn"], call["step"])
    for folder in (run, copy):
        answer = Recording(folder).tool(place, call["index"], call["op"], call["args"]).answer
        assert answer == call["answer"]
