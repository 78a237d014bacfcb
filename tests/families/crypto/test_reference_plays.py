"""Every reference play, through the real calculator, with three seeds: the right result, and every check green."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.play_checks import unexpected
from arena.families.crypto.checks.results import Checks
from arena.families.crypto.script_values import PIPES
from arena.families.crypto.scripted import load_script
from arena.formats.decode import decode
from arena.records import Entry
from arena.run import main
from tests.support.plain_records import entries, records_of

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "src" / "crypto-challenges"
PLAYS = DATA / "reference_plays"
SET = load(DATA / "benchmark_challenges_diverse_v2.json")
NAMED = {c["id"]: c["reference_play"] for c in SET.challenges if "reference_play" in c}
PLAIN = {c["id"] for c in SET.challenges if "open_talk" in c}
SEEDS = 3


@pytest.fixture(scope="module")
def records(calculator_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Challenge id -> its records, one for each seed."""
    out = tmp_path_factory.mktemp("plays") / "run"
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS), "--judge-provider", "mock"]
    words += ["--challenge-ids", ",".join(NAMED), "--repetitions", str(SEEDS), "--continue-on-error", "--quiet"]
    main([*words, "--out", str(out)])
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records_of(out):
        found.setdefault(record["unit"], []).append(record)
    return found


def test_plays_and_challenges_name_each_other() -> None:
    assert len(NAMED) >= 6
    assert {path.name for path in PLAYS.glob("*.json")} == {Path(name).name for name in NAMED.values()}
    for name, play in NAMED.items():
        content = json.loads((DATA / play).read_text(encoding="utf-8"))
        assert Path(play).stem == content["challenge"] == name
        assert content["canary"] == SET.canary
        assert "trials" not in content and "on_miss" not in content, "a reference play invents nothing"


@pytest.mark.parametrize("name", NAMED)
def test_a_reference_play_ends_in_the_right_result_with_every_check_green(
    name: str, records: dict[str, list[dict[str, Any]]]
) -> None:
    assert len(records[name]) == SEEDS
    for record in records[name]:
        assert (record["stop"], record["detail"]) == ("agreed_end", "")
        checks = record["judging"]["checks"]
        assert checks["result"]["verdict"] == "right", checks["result"]
        assert decode(Checks, checks, "").all_green, checks
        if name in PLAIN:  # nothing has to be computed, and its play shows that it can be done without
            assert not checks["tools"]["calls"] and not checks["artefacts"]["count"]
            continue
        assert checks["artefacts"]["count"] and checks["artefacts"]["share"] == 1
        assert checks["tools"]["calls"] and not checks["tools"]["failed"]
        negative = checks["case"] is not None and checks["case"]["negative"]
        wrong = list(unexpected(entries(*record["transcript"]), negative))
        assert wrong == [], "a check that is meant to fail has a name that begins with false_"


@pytest.mark.parametrize("name", NAMED)
def test_another_seed_is_another_play(name: str, records: dict[str, list[dict[str, Any]]]) -> None:
    instances = {json.dumps(record["instance"]) for record in records[name]}
    transcripts = {json.dumps(record["transcript"]) for record in records[name]}
    assert len(transcripts) == SEEDS and len(instances) > 1


# --- a check that comes out false


def verified(name: str, op: str, result: Any, **args: Any) -> Entry:
    return Entry(3, "Ann", ("Ann",), "call", id=name, op=op, args=args, answer={"ok": True, "result": result})


@pytest.mark.parametrize(
    ("name", "op", "result", "problem"),
    [
        ("v", "ed25519_verify", {"valid": True}, None),
        ("v", "ed25519_verify", {"valid": False, "reason": "x"}, "came out false"),
        ("v", "open_hash", {"valid": False}, "came out false"),
        ("e", "ct_equal", False, "came out false"),
        ("e", "ct_equal", True, None),
        ("p", "is_prime", False, None),
        ("l", "lring_link", {"linked": False}, None),
        ("h", "hash", "00", None),
        ("false_v", "ed25519_verify", {"valid": False}, None),
        ("false_v.0", "ed25519_verify", {"valid": False}, None),
        ("false_v", "ed25519_verify", {"valid": True}, "did not come out false"),
        ("false_h", "hash", "00", "did not come out false"),
    ],
)
def test_a_false_check_fails_a_play_unless_its_name_says_so(
    name: str, op: str, result: Any, problem: str | None
) -> None:
    call = verified(name, op, result, sig="aa")
    answers = [{"ok": True, "result": "pong"}, call.answer]
    requests = [{"op": "ping"}, {"op": op, "args": {"sig": "aa"}}]
    answer = {"ok": True, "result": {"answers": answers}}
    batch = replace(call, op="batch", args={"requests": requests}, answer=answer)
    for entry in (call, batch):
        found = list(unexpected([entry]))
        assert len(found) == (problem is not None) and all(problem in one for one in found if problem)


def test_of_several_comparisons_of_one_thing_one_that_holds_is_enough() -> None:
    yes, no = verified("y", "ct_equal", False, a="aa", b="11"), verified("n", "ct_equal", True, a="aa", b="22")
    assert list(unexpected([yes, no])) == [] and len(list(unexpected([yes]))) == 1
    other = verified("n", "ct_equal", True, a="bb", b="22")
    assert len(list(unexpected([yes, other]))) == 1


# --- the page for those who write them


def test_the_page_lists_every_pipe_function() -> None:
    page = (ROOT / "docs/reference-plays.md").read_text(encoding="utf-8")
    table = page.partition("## Pipe functions")[2]
    assert [name for name in PIPES if not re.search(rf"`{name}(:[A-Z]+)?`", table)] == []


def test_the_example_of_the_page_is_a_script_that_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/reference-plays.md").read_text(encoding="utf-8")
    example = page.partition("```json\n")[2].partition("```")[0]
    path = tmp_path / "two-bids.json"
    path.write_text(example, encoding="utf-8")
    assert len(load_script(path).lines("crypto/two-bids/rep_0", "Ann", False)) == 5
