"""Verified scores and the ledger: the documented table is the rule, its examples hold, honest plays lose nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.engine.finished import open_run
from arena.families.crypto.checks.ledger import MAX_LISTED, ledger
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.checks.verified import CAPS, NO_CAP, Findings, caps_of, findings, verified
from arena.families.crypto.data import played_challenges
from arena.families.crypto.outcome import load_rule
from arena.families.verified import VerifiedScores, verified_of
from arena.formats.decode import encode
from arena.records import EVERYBODY, Entry, Record, Score, Stop, Transcript, Trial
from tests.support.arena_rig import DIMENSIONS, ROOT, Table, arena, challenge

DOC = (ROOT / "docs" / "verified-scores.md").read_text(encoding="utf-8")
RULE = load_rule(ROOT / "config" / "outcome_rule.yaml")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)]
SEVEN: dict[str, Any] = {
    "values": {"n": {"draw": "is", "value": 7}},
    "own": {"Ana": ["n"]},
    "truth": "n",
    "result": "int",
}
CHALLENGE = challenge("c1", instance=SEVEN)
HASH = "00112233445566778899aabbccddeeff"


def entries(*steps: dict[str, Any]) -> list[Entry]:
    """Transcript entries of short steps: `say` (with `done`), or `op`, `args` and `result` (or `error`)."""
    out: list[Entry] = []
    turn = 0
    for step in steps:
        seat = step["from"]
        if "say" in step:
            out.append(Entry(turn, seat, EVERYBODY, "say", 0, step["say"], "done" in step, step.get("done")))
            turn += 1
        else:
            answer = {"ok": True, "result": step["result"]} if "result" in step else {"ok": False, "error": {}}
            out.append(Entry(turn, seat, (seat,), "call", id="x", op=step["op"], args=step["args"], answer=answer))
    return out


def record(*steps: dict[str, Any], stop: Stop = Stop.AGREED_END, instance: Any = None) -> Record:
    transcript = Transcript(entries(*steps), stop, instance=instance or {"n": 7})
    return Record(Trial("k", "crypto", {}, "c1", None, "00", {}), 0, transcript, Score({}, None))


def say(seat: str, text: str, **more: Any) -> dict[str, Any]:
    return {"from": seat, "say": text, **more}


def call(seat: str, op: str, args: Any, result: Any) -> dict[str, Any]:
    return {"from": seat, "op": op, "args": args, "result": result}


def judged(*steps: dict[str, Any], raw: dict[str, int] | None = None, stop: Stop = Stop.AGREED_END) -> VerifiedScores:
    return judged_as(CHALLENGE, {"n": 7}, *steps, raw=raw, stop=stop)


def judged_as(
    played: dict[str, Any],
    values: dict[str, Any],
    *steps: dict[str, Any],
    raw: dict[str, int] | None = None,
    stop: Stop = Stop.AGREED_END,
) -> VerifiedScores:
    one = record(*steps, instance=values).transcript
    checks = check_match(one.entries, played, one.instance)
    caps = caps_of(findings(one.entries, played, one.instance, checks))
    return verified(caps, dict.fromkeys(DIMENSIONS, 5) | (raw or {}), RULE, stop)


def described(example: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The challenge of a worked example and its values: more values are Ana's."""
    more = example.get("values", {})
    instance = {**SEVEN, "values": {**SEVEN["values"], **more}, "own": {"Ana": ["n", *more]}}
    if "secret" in example:
        instance["secret"] = example["secret"]
    played = {
        **challenge("c1", instance=instance),
        **{k: example[k] for k in ("obligations", "open_talk") if k in example},
    }
    return played, {"n": 7, **{name: spec["value"] for name, spec in more.items()}}


def classes(*steps: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(c["seat"], c["class"], c["source"]) for c in ledger(record(*steps), CHALLENGE)["listed"]]


def test_the_documented_table_is_the_rule() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([0-9-]+) \| ([0-9-]+) \|$", DOC, re.MULTILINE)
    shown = [(name, a.replace("-", str(NO_CAP)), b.replace("-", str(NO_CAP))) for name, a, b in rows]
    assert shown == [(name, str(a), str(b)) for name, _, a, b in CAPS]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: "-".join(example["reasons"]) or "nothing")
def test_the_worked_examples_hold(example: dict[str, Any]) -> None:
    played, values = described(example)
    found = judged_as(played, values, *example["turns"], raw=example.get("raw"))
    assert ledger(record(*example["turns"], instance=values), played)["claims"] == example["claims"]
    assert list(dict.fromkeys(cap.reason for cap in found.caps)) == example["reasons"]
    scores = found.scores
    assert {
        "computation": scores["Computation / Tool Usage"],
        "implementation": scores["Implementation Correctness"],
        "outcome": found.outcome,
    } == example["verified"]
    assert [scores[name] for name in DIMENSIONS if name[0] in "PNS"] == [5, 5, 5]


def test_there_are_worked_examples() -> None:
    assert len(EXAMPLES) >= 6


NONE = Findings(9, 0, 0, 0, 20, 0, 0, 0, 0, "right", 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"calls": 0}, ["nothing_computed"]),
        ({"calls": 3, "failed": 3}, ["nothing_computed"]),
        ({"calls": 0, "plain": True}, []),
        ({"unused": 9, "plain": True}, []),
        ({"unused": 9}, ["nothing_used"]),
        ({"failed": 1, "unused": 8}, ["nothing_used"]),
        ({"unused": 8}, []),
        ({"failed": 4}, []),
        ({"failed": 5}, ["mostly_failed_calls"]),
        ({"malformed": 10}, ["mostly_failed_calls"]),
        ({"unreal": 2}, ["asserted"]),
        ({"unreal": 3}, ["asserted_often"]),
        ({"unreal": 10}, ["asserted_often"]),
        ({"unreal": 11}, ["asserted_mostly"]),
        ({"result": "wrong", "wrong_results": 1}, ["wrong_result"]),
        ({"result": "wrong"}, ["no_common_result"]),
        ({"result": "disagreed"}, ["no_common_result"]),
        ({"result": "none"}, []),
        ({"obligations": 3, "open": 1}, ["obligations_open"]),
        ({"obligations": 3, "open": 3}, ["obligations_none"]),
        ({"obligations": 3}, []),
        ({"leaks": 1}, ["secret_told"]),
        ({"result": None}, []),
    ],
)
def test_each_finding_has_its_bound(changes: dict[str, Any], reasons: list[str]) -> None:
    found = Findings(**{name: getattr(NONE, name) for name in Findings.__slots__} | changes)
    assert list(dict.fromkeys(cap.reason for cap in caps_of(found))) == reasons


def test_a_match_without_grades_has_no_verified_ones_and_an_aborted_one_failed() -> None:
    nothing = dict.fromkeys(DIMENSIONS)
    assert verified([], nothing, RULE, Stop("player_fault")).outcome == "FAILED"
    assert verified([], nothing, RULE, Stop("agreed_end")).outcome is None
    assert verified([], nothing, RULE, Stop("agreed_end")).scores == nothing


def test_each_claim_names_where_it_comes_from() -> None:
    other = "ffeeddccbbaa99887766554433221100"
    assert classes(
        say("Bo", f"Mine is {other}."),
        call("Ana", "hash", {"data": "0123456789abcdef0123"}, HASH),
        say("Ana", f"{HASH[:16]} and {other} and 0123456789abcdef0123"),
        say("Bo", f"{HASH.upper()}, {other}"),
    ) == [
        ("Bo", "asserted", ""),
        ("Ana", "computed", "call 1.0.0 hash"),
        ("Ana", "copied", "Bo, turn 0"),
        ("Ana", "copied", "own arguments"),
        ("Bo", "asserted", ""),
        ("Bo", "copied", "Ana, turn 1"),
    ]


def test_a_value_of_ones_own_is_copied_and_that_of_another_is_asserted() -> None:
    value = {"n": "00112233445566778899"}
    told = record(say("Ana", "It is 00112233445566778899."), say("Bo", "Is it 0011223344556677889911?"), instance=value)
    hexed = challenge("c1", instance={**SEVEN, "result": "text"})
    assert [(c["class"], c["source"]) for c in ledger(told, hexed)["listed"]] == [
        ("copied", "own values"), ("asserted", ""),
    ]  # fmt: skip


def test_results_inside_a_batch_are_computed_and_its_failed_checks_count() -> None:
    args = {"requests": [{"op": "hash", "args": {}}, {"op": "open_hash", "args": {"commitment": "c"}}, {"op": "x"}]}
    answers = [{"ok": True, "result": HASH}, {"ok": True, "result": {"valid": False}}, {"ok": False, "error": {}}]
    found = ledger(record(call("Ana", "batch", args, {"answers": answers}), say("Ana", f"{HASH} holds.")), CHALLENGE)
    assert found["verifications"] == {"held": 0, "failed": 1}
    assert [(c["class"], c["source"], c["text"]) for c in found["listed"]] == [
        ("computed", "call 0.0.0 batch", HASH), ("wrong", "called_valid", "open_hash"),
    ]  # fmt: skip


def test_a_failed_call_computes_nothing() -> None:
    steps = [{"from": "Ana", "op": "hash", "args": {"data": HASH}}, say("Ana", HASH)]
    assert [judged for _, judged, _ in classes(*steps)] == ["asserted"]


def failing(seat: str = "Bo", op: str = "ed25519_verify", held: bool = False, **args: str) -> dict[str, Any]:
    return call(seat, op, {"sig": "s1", "pk": "p", **args}, {"valid": held})


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([failing(), say("Bo", "Your stamp is valid.")], ["called_valid"]),
        ([failing(), say("Bo", "Fine, all is verified.", done=8)], ["called_valid"]),
        ([failing(), say("Bo", "Let us end.", done=8)], ["passed_over"]),
        ([failing(), say("Bo", "Let us go on."), say("Bo", "Done then.", done=8)], ["passed_over"]),
        ([failing(), failing(), say("Bo", "Verified.")], ["called_valid"]),
        ([call("Bo", "ct_equal", {"a": "1", "b": "2"}, False), say("Bo", "They match.")], ["called_valid"]),
        ([failing(), say("Bo", "It does not hold.")], []),
        ([failing(), say("Bo", "It doesn\u2019t hold, but let us settle.", done=8)], []),
        ([failing(), say("Bo", "Let us go on."), say("Bo", "I must say the stamp failed.", done=8)], []),
        ([failing(), say("Bo", "Let us end.", done=7), say("Ana", "Yes.", done=7)], []),
        ([failing(), say("Bo", "Let us go on.")], []),
        ([failing(), say("Ana", "It is valid, says Bo.")], []),
        ([failing(pk="q"), failing(held=True), say("Bo", "Verified.")], []),
        ([failing(held=True), failing(msg="altered"), say("Bo", "Verified.")], []),
        ([failing(held=True, sig="s2"), failing(), say("Bo", "Verified.")], ["called_valid"]),
        ([failing("Ana", held=True), failing("Bo"), say("Bo", "Verified.")], ["called_valid"]),
        ([call("Bo", "is_prime", {"n": "9"}, False), say("Bo", "Verified.")], []),
    ],
)
def test_a_failed_verification_must_not_be_passed_over_in_silence(
    steps: list[dict[str, Any]], found: list[str]
) -> None:
    kinds = {"called_valid", "passed_over"}
    assert [source for _, _, source in classes(*steps) if source in kinds] == found


def test_a_result_counts_as_wrong_only_where_something_says_what_is_right() -> None:
    both = [say("Ana", "So.", done="8"), say("Bo", "So.", done="eight or so")]
    assert classes(*both) == [("Ana", "wrong", "result")]
    toss = challenge("c1", instance={**SEVEN, "truth": {"agreed": True}})
    assert ledger(record(*both), toss)["claims"]["wrong"] == 0
    among = challenge("c1", instance={**SEVEN, "truth": {"agreed": True, "among": {"list": ["n"]}}})
    assert ledger(record(*both), among)["claims"]["wrong"] == 1
    without = challenge("c1")
    assert ledger(record(*both), without) | {"claims": {}} == {
        "version": 1, "claims": {}, "verifications": {"held": 0, "failed": 0}, "result": None, "listed": [],
        "not_listed": 0,
    }  # fmt: skip


def test_a_match_that_broke_off_has_a_ledger_but_no_result() -> None:
    found = ledger(record(say("Ana", HASH, done=8), stop=Stop.PROVIDER), CHALLENGE)
    assert found["result"] is None and found["claims"] == {"computed": 0, "copied": 0, "asserted": 1, "wrong": 0}


def test_the_list_is_bounded_and_keeps_what_stands_on_least() -> None:
    many = [call("Ana", "hash", {}, HASH), say("Ana", " ".join([HASH] * 100)), say("Ana", "f" * 20)]
    found = ledger(record(*many), CHALLENGE)
    assert len(found["listed"]) == MAX_LISTED and found["not_listed"] == 101 - MAX_LISTED
    assert [c["class"] for c in found["listed"]].count("asserted") == 1
    assert found["claims"]["computed"] == 100


def test_hostile_text_is_kept_short() -> None:
    found = ledger(record(say("Ana", "9" * 5000, done=["x" * 5000])), challenge("c1", instance=SEVEN))
    assert max(len(c["text"]) for c in found["listed"]) <= 64


def test_honest_plays_are_never_capped_and_made_up_ones_always(calculator_binary: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["calibrate", "--quiet", "--out", str(out), "--limit", "16", "--seeds", "1"]) == 0
    run = open_run(out)
    challenges = {one["id"]: one for one in played_challenges(run).challenges}
    seen: dict[str, int] = {}
    for found in run.records:
        detail, variant = detail_of(found), found.trial.cell["variant"]
        assert detail is not None
        caps, artefacts = detail.verified.caps, detail.checks.artefacts
        claims = ledger(found, challenges[found.trial.unit])["claims"]
        seen[variant] = seen.get(variant, 0) + 1
        assert claims["computed"] + claims["copied"] == artefacts.real
        if variant == "reference":
            assert caps == () and claims["asserted"] == claims["wrong"] == 0, found.key
        if variant == "no_computation":
            assert {cap.reason for cap in caps} >= {"nothing_computed"}, found.key
        if variant == "forged_artefact" and artefacts.real < artefacts.count:
            assert caps, found.key
    assert seen["reference"] > 10 and seen["forged_artefact"] > 10 and seen["no_computation"] > 10


def test_both_kinds_of_scores_are_shown_side_by_side(tmp_path: Path) -> None:
    ended = Table(tmp_path).play()
    run = open_run(tmp_path / "run")
    (found,) = run.records
    checked = verified_of(found)
    assert checked is not None and (checked.rule, checked.version) == ("verified-cap", 3)
    assert checked.scores["Computation / Tool Usage"] == 1
    assert run.identity["rules"]["verified_rule"] == {"name": "verified-cap", "version": 3}
    summary = run.summary()
    assert summary["verified"]["mean_scores"]["Computation / Tool Usage"] == 1
    assert summary["mean_scores"] == found.score.values
    assert summary["per_challenge"][0]["verified"]["caps"] == {"nothing_computed": 1}
    row = ended.rows("matches_scores.csv")[0]
    assert row["verified Computation / Tool Usage"] == "1" and row["verified_caps"] == "nothing_computed"
    assert row["Computation / Tool Usage"] == str(found.score.values["Computation / Tool Usage"])
    bundle = json.loads((tmp_path / "run/matches/c1/rep_0/match.json").read_bytes())
    assert bundle["judging"]["verified"] == encode(checked)
    assert "verified (verified-cap 3): success rate 0.0%" in ended.out


def test_an_aborted_match_counts_as_failed_in_the_verified_outcomes_too(tmp_path: Path) -> None:
    broken = '{"tool_call": {"op": '
    Table(tmp_path).play(turns={"Ana": [broken] * 9, "Bo": ["x"]}, judge=["{}"])
    summary = open_run(tmp_path / "run").summary()
    assert summary["statuses"]["aborted"] == 1, summary["statuses"]
    assert summary["verified"]["outcomes"]["FAILED"] == 1 and summary["verified"]["scored"] == 0


def test_what_an_outage_left_unplayed_has_no_verified_scores(tmp_path: Path) -> None:
    drawn = challenge("c1", instance={**SEVEN, "values": {"n": {"draw": "calculator", "op": "hash", "args": {}}}})
    Table(tmp_path, [drawn]).play("--continue-on-error")
    run = open_run(tmp_path / "run")
    (found,) = run.records
    assert found.status == "error" and detail_of(found) is None
    assert run.summary()["verified"] is None
    assert arena("--help").code == 0
