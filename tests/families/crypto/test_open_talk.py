"""Challenges in which plain talk is right: what has to be said, what is capped, how many there may be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.baselines.report import OPEN_TALK_RIGHT, BaselineTally, Rates
from arena.families.crypto.challenges.lint import ONE_PLAIN_IN, lint
from arena.families.crypto.challenges.members.obligations import obligation_problems
from arena.families.crypto.challenges.members.open_talk import open_talk_problems, talk_is_right
from arena.families.crypto.challenges.render import for_people, stats
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.obligations import check_obligations
from arena.families.crypto.checks.verified import caps_of, findings
from arena.families.crypto.judged import GRADED_PLAIN, JudgeTemplate
from arena.families.crypto.rubric import RUBRIC
from arena.judging.judge import JudgeMaterial, Truncation, ask_judge, judge_nonce
from arena.records import EVERYBODY, Entry, Record, Score, Stop, Transcript, Trial
from tests.support.match_table import SEED, Table

SET = load(Path(__file__).resolve().parents[3] / "src/crypto-challenges/benchmark_challenges_diverse_v2.json")
PLAIN = [challenge for challenge in SET.challenges if talk_is_right(challenge)]
ROLES = ["Ana", "Bo"]
VALUES = {"dose": 1450, "limit": 2000}
SAID = {"id": "said", "says": "Ana says the dose.", "of": {"Ana": ["dose"]}, "any": [{"made": "tells"}], "within": 2}
KEPT = {"id": "kept", "says": "Ana keeps the dose.", "of": {"Ana": ["dose"]}, "any": [{"made": "keeps"}]}
CHALLENGE: dict[str, Any] = {
    "id": "dose",
    "participants": [{"id": "Ana", "display_name": "Ana"}, {"id": "Bo", "display_name": "Bo"}],
    "self_play": {"symmetry_breaker": "Ana opens."},
    "participant_context": {"public_background": "A ward.", "role_specific": {}},
    "judge": {"target_primitives": ["none"], "what_good_looks_like": ["x"], "common_failures": ["x"]},
    "instance": {
        "values": {"dose": {"draw": "int", "from": 1000, "to": 9999}, "limit": {"draw": "is", "value": 2000}},
        "own": {"Ana": ["dose"], "Bo": ["limit"]},
        "truth": {"minus": ["limit", "dose"]},
        "result": "int",
    },
    "obligations": [SAID],
    "open_talk": {"right": True, "why": "Both may know it."},
}


def say(turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY, result: Any = None) -> Entry:
    return Entry(turn, seat, to, "say", text=text, done=result is not None, result=result)


def met(obligation: dict[str, Any], *entries: Entry) -> bool:
    found = check_obligations(entries, {**CHALLENGE, "obligations": [obligation]}, VALUES)
    assert found is not None
    return found.ok


HELLO, ANSWER = say(0, "Ana", "Good evening."), say(1, "Bo", "How much was it? I ask for 1450 of nothing.")


@pytest.mark.parametrize("text", ["It was 1450 mg.", "It was 1,450 mg.", "One thousand four hundred fifty."])
def test_value_said_in_plain_words_in_time_meets_the_obligation(text: str) -> None:
    assert met(SAID, HELLO, ANSWER, say(2, "Ana", text))


@pytest.mark.parametrize(
    "entries",
    [
        (HELLO, ANSWER),
        (HELLO, ANSWER, say(2, "Ana", "I sealed it."), say(3, "Bo", "And?"), say(4, "Ana", "It was 1450 mg.")),
        (HELLO, ANSWER, say(2, "Ana", "It was 1450 mg.", to=("Bo",))),
        (HELLO, ANSWER, say(2, "Ana", "It was 14500 mg.")),
    ],
    ids=["only another seat says it", "too late", "in private", "another figure"],
)
def test_value_not_said_to_all_in_time_leaves_it_open(entries: tuple[Entry, ...]) -> None:
    assert not met(SAID, *entries)


def test_late_word_counts_where_no_time_is_set() -> None:
    late = [say(turn, "Ana", "Wait.") for turn in range(5)]
    assert met({name: part for name, part in SAID.items() if name != "within"}, *late, say(6, "Ana", "1450"))


def test_turn_that_met_it_is_named() -> None:
    found = check_obligations([say(3, "Ana", "1450")], CHALLENGE, VALUES)
    assert found is not None and [(call.turn, call.seat, call.op) for call in found.found[0].calls] == [
        (3, "Ana", "says")
    ]


def test_value_is_kept_until_anybody_is_told() -> None:
    assert met(KEPT, HELLO, ANSWER)
    assert not met(KEPT, HELLO, say(1, "Ana", "It was 1450."))
    assert not met(KEPT, HELLO, say(1, "Ana", "It was 1450.", to=("Bo",)))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"by": ["Bo"]}, "/by"),
        ({"of": {"Ana": []}}, "/of"),
        ({"within": 0}, "/within"),
        ({"any": [{"made": "commits"}]}, "/within"),
    ],
)
def test_malformed_obligation_in_words_is_told_at_its_place(change: dict[str, Any], place: str) -> None:
    broken = {**CHALLENGE, "obligations": [{**SAID, **change}]}
    assert f"/obligations/0{place}" in [pointer for pointer, _ in obligation_problems(broken, "", ROLES)]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"open_talk": {"right": False, "why": "x"}}, "/open_talk/right"),
        ({"open_talk": {"right": True, "why": " "}}, "/open_talk/why"),
        ({"open_talk": {"right": True, "why": "x", "so": 1}}, "/open_talk/so"),
        ({"open_talk": True}, "/open_talk"),
        ({"obligations": [{**SAID, "any": [{"made": "commits"}]}]}, "/open_talk"),
    ],
)
def test_malformed_declaration_is_told_at_its_place(change: dict[str, Any], place: str) -> None:
    assert list(open_talk_problems(CHALLENGE, "", ROLES)) == []
    assert place in [pointer for pointer, _ in open_talk_problems({**CHALLENGE, **change}, "", ROLES)]


# --- scores


TALK = [say(0, "Ana", "1450 were given.", result=550), say(1, "Bo", "550 then.", result=550)]


def capped(challenge: dict[str, Any], entries: list[Entry]) -> list[str]:
    checks = check_match(entries, challenge, VALUES)
    return list(dict.fromkeys(cap.reason for cap in caps_of(findings(entries, challenge, VALUES, checks))))


def test_talk_without_calls_is_capped_only_where_something_had_to_be_computed() -> None:
    elsewhere = {name: part for name, part in CHALLENGE.items() if name != "open_talk"}
    assert capped(CHALLENGE, TALK) == []
    assert capped(elsewhere, TALK) == ["nothing_computed"]


def test_ceremony_that_does_not_say_it_is_capped_where_talk_is_right() -> None:
    drawn = Entry(0, "Ana", ("Ana",), "call", id="x", op="random_bytes", args={}, answer={"ok": True, "result": "ab"})
    sealed = [drawn, say(0, "Ana", "It is sealed.", result=550), TALK[1]]
    assert "obligations_none" in capped(CHALLENGE, sealed)


def test_judge_reads_how_to_grade_where_talk_is_right() -> None:
    assert json.dumps(GRADED_PLAIN) in JudgeTemplate.of(CHALLENGE).filled(VALUES)
    elsewhere = {name: part for name, part in CHALLENGE.items() if name != "open_talk"}
    assert GRADED_PLAIN not in JudgeTemplate.of(elsewhere).filled(VALUES)


# --- the set, its lint and its table


def test_the_set_has_three_of_them_and_lint_allows_no_fourth() -> None:
    assert len(PLAIN) == len(SET.challenges) // ONE_PLAIN_IN == 3
    marked = [one for one in lint(SET, None) if one.pointer.endswith("/open_talk")]
    assert marked == []
    fourth = next(one for one in SET.challenges if not talk_is_right(one))
    more = tuple({**one, "open_talk": PLAIN[0]["open_talk"]} if one is fourth else one for one in SET.challenges)
    found = [one for one in lint(replace(SET, challenges=more), None) if one.pointer.endswith("/open_talk")]
    assert [one.level for one in found] == ["error"] and "at most 3 may" in found[0].message


def test_people_are_told_and_stats_count_them() -> None:
    assert PLAIN[0]["open_talk"]["why"] in for_people(PLAIN[0], None)
    assert stats(SET)["with_open_talk_right"] == 3


def test_open_talk_is_allowed_and_counted_apart_where_it_is_right() -> None:
    tally = BaselineTally(plain=frozenset({"a"}))
    for unit in ("a", "b"):
        trial = Trial(f"k-{unit}", "baselines", {}, unit, None, "00", {"baseline": "open_talk"})
        tally.add(Record(trial, 0, Transcript([], Stop.AGREED_END), Score({}, "SUCCESS")))
    assert [row["name"] for row in tally.to_json()["baselines"]] == ["open_talk", OPEN_TALK_RIGHT]
    assert [row["n"] for row in tally.to_json()["baselines"]] == [1, 1]


@pytest.mark.parametrize(("verified", "problems"), [(20, 0), (19, 0), (18, 1)])
def test_talk_that_is_said_to_be_right_has_to_succeed(verified: int, problems: int) -> None:
    rates = {"a": {"open_talk": Rates(n=20, verified=verified)}}
    assert len(list(BaselineTally(by_challenge=rates, plain=frozenset({"a"})).problems())) == problems
    assert len(list(BaselineTally(by_challenge=rates).problems())) == 1


@pytest.mark.parametrize(("open_talk", "computation"), [(True, 5), (False, 1)])
def test_mock_judge_asks_for_no_call_where_talk_is_right(open_talk: bool, computation: int) -> None:
    told = CHALLENGE if open_talk else {name: part for name, part in CHALLENGE.items() if name != "open_talk"}
    subject = JudgeTemplate.of(told).filled(VALUES)
    found = ask_judge(
        RUBRIC, JudgeMaterial(subject, TALK, Stop.AGREED_END, judge_nonce(SEED)), Truncation(), Table(), None, 10
    )
    assert found.scores is not None and found.scores["Computation / Tool Usage"] == computation
