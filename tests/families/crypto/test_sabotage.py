"""Sabotaged plays: at least three for every challenge, each corrupted in the way its name says and in no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.calibration.sabotage import AIMED_AT, CORRUPTIONS, sabotaged
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.play_checks import is_check
from arena.families.crypto.rubric import RUBRIC
from arena.families.crypto.scripted import load_script

DATA = Path(__file__).resolve().parents[3] / "src" / "crypto-challenges"
CHALLENGES = {
    c["id"]: c for c in load(DATA / "benchmark_challenges_diverse_v2.json").challenges if "reference_play" in c
}
TOSS = CHALLENGES["ferry-cabin-toss"]


def play_of(challenge: dict[str, Any]) -> dict[str, Any]:
    play = json.loads((DATA / challenge["reference_play"]).read_text(encoding="utf-8"))
    assert isinstance(play, dict)
    return play


def corrupted(name: str) -> dict[str, Any]:
    found = CORRUPTIONS[name](play_of(TOSS), TOSS)
    assert found is not None
    return found


def ops(play: dict[str, Any]) -> list[str]:
    calls = [c for m in sum(play["turns"].values(), []) if isinstance(m, dict) for c in m.get("calls", [])]
    return [call.get("call", call)["op"] for call in calls]


@pytest.mark.parametrize("name", CHALLENGES)
def test_three_corruptions_or_more_apply_to_every_challenge_and_can_be_played(name: str, tmp_path: Path) -> None:
    play = play_of(CHALLENGES[name])
    before = json.dumps(play)
    found = sabotaged(play, CHALLENGES[name])
    assert len(found) >= 3
    assert json.dumps(play) == before, "the reference itself stays as it is"
    for corruption, one in found.items():
        assert one["turns"] != play["turns"], corruption
        path = tmp_path / f"{corruption}.json"
        path.write_text(json.dumps(one), encoding="utf-8")
        script = load_script(path)
        assert script.invent and script.repeat


def test_every_corruption_is_aimed_at_dimensions_of_the_rubric() -> None:
    assert set(AIMED_AT) == set(CORRUPTIONS)
    assert all(aimed and set(aimed) <= set(RUBRIC.dimensions) for aimed in AIMED_AT.values())


def test_forged_evidence_value_changes_one_value_and_no_call() -> None:
    play = corrupted("forged_artefact")
    assert json.dumps(play["turns"]).count("|forge}}") == 1 and ops(play) == ops(play_of(TOSS))


def test_wrong_primitive_uses_none_of_the_ops_of_the_reference() -> None:
    assert set(ops(corrupted("wrong_primitive"))).isdisjoint(ops(play_of(TOSS)))


def test_secret_leaked_tells_an_own_secret() -> None:
    turns = corrupted("secret_leaked")["turns"]
    assert "{{my.worth_lena}}" in json.dumps(turns["Lena"]) and "worth_" not in json.dumps(turns["Tomasz"])


def test_no_computation_has_no_calls_and_verification_skipped_no_checks() -> None:
    assert ops(corrupted("no_computation")) == []
    left = ops(corrupted("verification_skipped"))
    assert left and not [op for op in left if "open" in op or "verify" in op]


@pytest.mark.parametrize("name", CHALLENGES)
def test_wherever_something_is_checked_the_checks_can_be_skipped(name: str) -> None:
    play = play_of(CHALLENGES[name])
    left = CORRUPTIONS["verification_skipped"](play, CHALLENGES[name])
    assert left is not None or not any(is_check(op) for op in ops(play))
    assert left is None or len(ops(left)) < len(ops(play))


def skipped(*calls: dict[str, Any], said: str = "Done.") -> list[str] | None:
    found = CORRUPTIONS["verification_skipped"]({"turns": {"Lena": [{"calls": list(calls)}, said]}}, TOSS)
    return None if found is None else ops(found)


def test_calls_that_only_check_are_skipped_before_those_whose_result_is_needed() -> None:
    verify, unlock, mac, key = (
        {"as": "v", "op": "ed25519_verify"},
        {"as": "d", "op": "aead_decrypt"},
        {"as": "m", "op": "hmac"},
        {"as": "k", "op": "keygen"},
    )
    said = "It says [{{d}}], my half [{{k.pk}}]."
    assert skipped(verify, unlock, mac, key, said=said) == ["aead_decrypt", "hmac", "keygen"]
    assert skipped(unlock, mac, key, said=said) == ["hmac", "keygen"]
    assert skipped(mac, key, said=said) == ["keygen"]
    assert skipped(key, said=said) is None
    equal = {"as": "e", "op": "ct_equal", "args": {"a": "{{m}}", "b": "{{heard.Tomasz.tag}}"}}
    assert skipped(mac, equal, key, said=said) == ["keygen"], "what was computed to compare goes, too"
    assert skipped({"for": "x in my.list", "call": {"as": "v", "op": "open_hash"}}, key, said=said) == ["keygen"]


def test_replayed_message_shows_the_others_value_as_the_own() -> None:
    assert "{{heard.Lena.number}}" in json.dumps(corrupted("replayed_message")["turns"]["Tomasz"][2])


def test_never_agrees_has_a_role_without_an_end() -> None:
    turns = corrupted("never_agrees")["turns"]
    assert [seat for seat, messages in turns.items() if not any("done" in m for m in messages if isinstance(m, dict))]


@pytest.mark.parametrize("name", ["forged_artefact", "wrong_primitive", "secret_leaked", "no_computation",
                                  "verification_skipped", "replayed_message", "never_agrees"])  # fmt: skip
def test_a_corruption_that_does_not_apply_says_so(name: str) -> None:
    bare = {**TOSS, "instance": {**TOSS["instance"], "secret": {}}}
    assert CORRUPTIONS[name]({"format": 1, "turns": {"Lena": ["Hello."], "Tomasz": ["Hello."]}}, bare) is None
