"""Obligations: what has to be done is told from what was made, posted and taken up, and from nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.families.crypto.challenges.members.obligations import obligation_problems
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.links import provenance
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.obligations import check_obligations, holds, obligation_line
from arena.families.crypto.checks.op_kinds import HASHES, MADE, OP_MAKES, OP_USES, USED, made_by
from arena.families.crypto.checks.results import ObligationFound
from arena.families.crypto.proposed_obligations import ALSO, MADE_WORDS, PARTNERS, USED_WORDS, proposed
from arena.records import EVERYBODY, Entry, Record, Score, Stop, Transcript, Trial
from arena.settings.places import DATA_ROOT

SET = DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
SEAL, NONCE = "5ea10000000000001", "0d0000000000000002"
OTHER, RANDOM = "0f0f000000000003f", "abcdef0123456789"

CHALLENGE: dict[str, Any] = {
    "id": "two-bids",
    "name": "Two bids",
    "participants": [{"id": "Ann"}, {"id": "Bob"}],
    "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann opens."},
    "participant_context": {"public_background": "A sale.", "role_specific": {}},
    "instance": {
        "values": {"bid_ann": {"draw": "int", "from": 1, "to": 900}, "bid_bob": {"draw": "int", "from": 1, "to": 900}},
        "own": {"Ann": ["bid_ann"], "Bob": ["bid_bob"]},
        "truth": "bid_ann",
        "result": "int",
    },
}
VALUES = {"bid_ann": 415, "bid_bob": 500}
OPENED = {"id": "fixed", "says": "Ann fixes her bid.", "of": {"Ann": ["bid_ann"]}, "by": ["Bob"],
          "any": [{"made": "commits", "used": "opens"}], "before_told": ["bid_bob"]}  # fmt: skip


def say(turn: int, seat: str, text: str) -> Entry:
    return Entry(turn, seat, EVERYBODY, "say", text=text)


def call(turn: int, seat: str, op: str, args: Any, result: Any) -> Entry:
    return Entry(turn, seat, (seat,), "call", id="x", op=op, args=args, answer={"ok": True, "result": result})


def commit(turn: int = 0, seat: str = "Ann", msg: str = "utf8:415", seal: str = SEAL) -> Entry:
    return call(turn, seat, "commit_hash", {"msg": msg}, {"commitment": seal, "nonce": NONCE})


def opened(turn: int, seat: str = "Bob", seal: str = SEAL, valid: bool = True) -> Entry:
    args = {"commitment": seal, "msg": "utf8:415", "nonce": NONCE}
    return call(turn, seat, "open_hash", args, {"valid": valid})


GOOD = [commit(), say(0, "Ann", f"Fixed: {SEAL}."), say(1, "Bob", "I offer 500."), say(2, "Ann", f"415, {NONCE}"),
        opened(3), say(3, "Bob", "It holds.")]  # fmt: skip


def found(entries: Sequence[Entry], obligation: dict[str, Any] = OPENED) -> ObligationFound:
    check = check_obligations(entries, {**CHALLENGE, "obligations": [obligation]}, VALUES)
    assert check is not None and check.ok == check.found[0].met
    return check.found[0]


CLOCK = {"begins": "11:00", "between_turns": "4 hours"}


@pytest.mark.parametrize(
    "hours, turn, met",
    [
        ({"until": "day 2, 00:00"}, 3, True),  # 23:00
        ({"until": "day 2, 00:00"}, 4, False),  # 03:00 of the next day
        ({"until": "day 2, 03:00"}, 4, False),  # `until` is the first moment that is too late
        ({"from": "day 2, 03:00"}, 4, True),
        ({"from": "day 2, 06:00"}, 4, False),
        ({"from": "day 2, 06:00", "until": "day 2, 08:00"}, 5, True),
    ],
)
def test_posting_counts_within_the_hours_of_an_obligation(hours: Any, turn: int, met: bool) -> None:
    left = {"id": "left", "says": "Ann fixes.", "of": {"Ann": []}, "any": [{"made": "commits"}], "hours": hours}
    challenge = {**CHALLENGE, "time": CLOCK, "obligations": [left]}
    found = check_obligations([commit(turn), say(turn, "Ann", f"Fixed: {SEAL}.")], challenge, VALUES)
    assert found is not None and found.ok is met


def test_posting_before_the_hours_begin_is_not_mended_by_a_second_one() -> None:
    left = {"id": "left", "says": "Ann fixes.", "of": {"Ann": []}, "any": [{"made": "commits"}],
            "hours": {"from": "day 2, 03:00"}}  # fmt: skip
    challenge = {**CHALLENGE, "time": CLOCK, "obligations": [left]}
    again = "5ea10000000000000000000000000009"
    late = Entry(4, "Ann", ("Ann",), "call", id="y", op="commit_hash", args={"msg": "utf8:415"},
                 answer={"ok": True, "result": {"commitment": again, "nonce": "0d00000000000009"}})  # fmt: skip
    in_time = [late, say(4, "Ann", f"Fixed: {again}.")]
    once = check_obligations(in_time, challenge, VALUES)
    twice = check_obligations([commit(0), say(0, "Ann", f"Fixed: {SEAL}."), *in_time], challenge, VALUES)
    assert once is not None and once.ok
    assert twice is not None and twice.found[0].missing == ("Ann",)


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"hours": {}}, "/obligations/0/hours"),
        ({"hours": {"after": "day 2, 06:00"}}, "/obligations/0/hours"),
        ({"hours": {"from": "06:00"}}, "/obligations/0/hours/from"),
        ({"hours": {"from": "day 2, 06:00", "until": "day 1, 06:00"}}, "/obligations/0/hours"),
        ({"hours": {"from": "day 2, 06:00"}, "any": [{"made": "tells"}]}, "/obligations/0/hours"),
    ],
)
def test_bad_hours_are_told_at_their_place(change: Any, pointer: str) -> None:
    one = {"id": "left", "says": "Ann fixes.", "of": {"Ann": ["bid_ann"]}, "any": [{"made": "commits"}], **change}
    found = obligation_problems({**CHALLENGE, "time": CLOCK, "obligations": [one]}, "", ["Ann", "Bob"])
    assert pointer in [place for place, _ in found]


def test_hours_without_a_clock_are_refused() -> None:
    one = {"id": "left", "says": "Ann fixes.", "of": {"Ann": []}, "any": [{"made": "commits"}],
           "hours": {"from": "day 2, 06:00"}}  # fmt: skip
    timed = {**CHALLENGE, "time": CLOCK, "obligations": [one]}
    assert not list(obligation_problems(timed, "", ["Ann", "Bob"]))
    without = obligation_problems({**CHALLENGE, "obligations": [one]}, "", ["Ann", "Bob"])
    assert [place for place, _ in without] == ["/obligations/0/hours"]


def test_what_was_fixed_posted_and_opened_meets_it_and_the_calls_are_named() -> None:
    one = found(GOOD)
    assert one.met and [(c.turn, c.seat, c.op) for c in one.calls] == [
        (0, "Ann", "commit_hash"),
        (3, "Bob", "open_hash"),
    ]


BROKEN = {
    "never posted": [GOOD[0], say(0, "Ann", "Fixed."), *GOOD[2:]],
    "posted after the other value was told": [GOOD[2], GOOD[0], say(2, "Ann", f"Fixed: {SEAL}."), *GOOD[3:]],
    "opened by the maker itself": [*GOOD[:4], opened(3, "Ann")],
    "an opening that does not hold": [*GOOD[:4], opened(3, valid=False)],
    "never opened": GOOD[:4],
    "another value in it": [commit(msg="utf8:416"), *GOOD[1:]],
    "an opening of something that was never posted": [*GOOD[:4], opened(3, seal=OTHER)],
    "random bytes instead of a seal": [call(0, "Ann", "random_bytes", {"len": 8}, SEAL), *GOOD[1:]],
    "compared instead of opened": [*GOOD[:4], call(3, "Bob", "ct_equal", {"a": SEAL, "b": SEAL}, True)],
    "a seal that the opener made": [commit(0, "Bob"), say(0, "Ann", f"Fixed: {SEAL}."), *GOOD[2:]],
    "opened before it was posted": [GOOD[0], opened(0), say(1, "Ann", f"Fixed: {SEAL}."), say(2, "Bob", "Fine.")],
}


@pytest.mark.parametrize("entries", BROKEN.values(), ids=BROKEN)
def test_it_is_left_open_by(entries: list[Entry]) -> None:
    one = found(entries)
    assert not one.met and one.missing == ("Bob",)


def test_a_failed_call_makes_nothing() -> None:
    failed = Entry(0, "Ann", ("Ann",), "call", id="x", op="commit_hash", args={"msg": "utf8:415"},
                   answer={"ok": False, "error": {"code": "bad_type"}})  # fmt: skip
    assert not found([failed, *GOOD[1:]]).met


def test_calls_inside_a_batch_count() -> None:
    requests = [{"op": "commit_hash", "args": {"msg": "utf8:415"}}]
    answers = {"answers": [{"ok": True, "result": {"commitment": SEAL, "nonce": NONCE}}]}
    assert found([call(0, "Ann", "batch", {"requests": requests}, answers), *GOOD[1:]]).met


def test_any_of_the_ways_is_enough() -> None:
    both = {**OPENED, "any": [{"made": "seals", "used": "unseals"}, {"made": "commits", "used": "opens"}]}
    assert found(GOOD, both).met
    assert not found(GOOD, {**OPENED, "any": [{"made": "seals", "used": "unseals"}]}).met


def test_every_asks_for_all_that_was_posted() -> None:
    every = {**OPENED, "every": True}
    twice = [commit(seal=OTHER), say(0, "Ann", f"Also {OTHER}."), *GOOD]
    assert found(GOOD, every).met and not found(twice, every).met and found(twice).met
    assert found([*twice, opened(3, seal=OTHER)], every).met


def test_fresh_asks_for_a_random_value_of_its_own() -> None:
    fresh = {**OPENED, "of": {"Ann": []}, "fresh": True}
    drawn = [call(0, "Ann", "random_bytes", {"len": 8}, RANDOM), commit(msg=RANDOM), *GOOD[1:]]
    assert found(drawn, fresh).met and not found(GOOD, fresh).met


def test_a_salted_fingerprint_is_a_seal_and_working_it_out_again_opens_it() -> None:
    drawn = call(0, "Ann", "random_bytes", {"len": 8}, RANDOM)
    made = call(0, "Ann", "hash", {"data": f"utf8:415 {RANDOM}"}, SEAL)
    again = call(3, "Bob", "hash", {"data": f"utf8:415 {RANDOM}"}, SEAL)
    rest = [say(0, "Ann", f"Fixed: {SEAL}."), say(1, "Bob", "500"), say(2, "Ann", f"415 with {RANDOM}"), again]
    assert found([drawn, made, *rest]).met
    plain = call(0, "Ann", "hash", {"data": "utf8:415"}, SEAL)
    assert not found([drawn, plain, *rest]).met


def test_every_maker_is_asked_and_nobody_for_its_own() -> None:
    each = {**OPENED, "of": {"Ann": ["bid_ann"], "Bob": []}, "by": ["Ann", "Bob"], "before_told": []}
    assert found(GOOD, each).missing == ("Ann",)
    bobs = [commit(1, "Bob", "utf8:500", OTHER), say(1, "Bob", f"Mine: {OTHER}."), opened(2, "Ann", OTHER)]
    assert found([*GOOD[:2], *bobs, *GOOD[3:]], each).met


def test_without_takers_to_post_it_is_enough() -> None:
    posted = {"id": "p", "says": "x", "of": {"Ann": ["bid_ann"]}, "any": [{"made": "commits"}]}
    assert found(GOOD[:2], posted).met and found(GOOD[:1], posted).missing == ("Ann",)


def test_a_row_of_blurred_answers_is_posted_as_a_whole_or_not_at_all() -> None:
    blurred = {"id": "b", "says": "x", "of": {"Ann": []}, "any": [{"made": "blurs"}]}
    requests = [{"op": "randomized_response", "args": {"bit": "1"}} for _ in range(8)]
    answers = [{"ok": True, "result": {"bit": bit}} for bit in "10110010"]
    drawn = call(0, "Ann", "batch", {"requests": requests}, {"answers": answers})
    assert found([drawn, say(0, "Ann", "As they fell: 1 0 1 1 0 0 1 0.")], blurred).met
    assert not found([drawn, say(0, "Ann", "As they fell: 1 0 1 1 0 0 1 1.")], blurred).met


@pytest.mark.parametrize(
    ("args", "value", "wanted"),
    [
        ('{"msg": "utf8:415"}', 415, True),
        ('{"msg": "utf8:bid 415 euros"}', 415, True),
        ('{"msg": "utf8:4150"}', 415, False),
        ('{"msg": "626964203a20343135"}', 415, True),
        ('{"items": ["utf8:a b", "utf8:c"]}', ["a b", "c"], True),
        ('{"items": ["utf8:a b"]}', ["a b", "c"], False),
        ('{"bit": "1"}', True, False),
    ],
)
def test_arguments_hold_a_value_in_plain_or_encoded(args: str, value: Any, wanted: bool) -> None:
    assert holds(args, value) is wanted


def test_a_challenge_without_obligations_has_no_such_check() -> None:
    checks = check_match(GOOD, CHALLENGE, VALUES)
    assert checks.obligations is None and checks.passed()["obligations"] is None


def test_an_obligation_in_words_names_turns_and_who_left_it_open() -> None:
    assert "turn 0 Ann commit_hash, turn 3 Bob open_hash" in obligation_line(found(GOOD), "Ann fixes her bid.")
    assert "left open by Bob (no call)" in obligation_line(found(GOOD[:4]), "")


# --- kinds of op


def test_every_op_of_the_tables_is_in_the_catalogue_once_per_table(calculator_binary: Path) -> None:
    asked = subprocess.run([calculator_binary], input=b'{"op":"ops","args":{}}\n', capture_output=True, check=True)
    known = {row["name"] for row in json.loads(asked.stdout)["result"]["ops"]}
    assert {*OP_MAKES, *OP_USES, *HASHES} <= known
    for table in (MADE, USED):
        ops = [op for listed in table.values() for op in listed.split()]
        assert len(ops) == len(set(ops))


def test_random_bytes_are_no_seal_proof_or_share() -> None:
    assert made_by("random_bytes", False) == made_by("random_bytes", True) == "draws"
    assert provenance([call(0, "Ann", "random_bytes", {}, SEAL), say(0, "Ann", SEAL), opened(1)]).links == ()


def test_every_kind_has_words_and_partners_are_kinds() -> None:
    pairs = [(made, used) for made, uses in PARTNERS.items() for used in uses]
    pairs += [pair for key, ways in ALSO.items() for pair in (key, *ways)]
    assert {made for made, _ in pairs} <= set(MADE_WORDS) and {used for _, used in pairs} <= set(USED_WORDS)


# --- proposals


def record(entries: Sequence[Entry]) -> Record:
    transcript = Transcript(list(entries), Stop.AGREED_END, instance=dict(VALUES))
    return Record(Trial("k", "crypto", {}, "two-bids", None, "00", {}), 0, transcript, Score({}, None))


def test_what_happens_in_every_match_is_proposed_with_other_ways_that_count() -> None:
    (one,) = proposed(CHALLENGE, [record(GOOD), record(GOOD)])
    assert one["of"] == {"Ann": ["bid_ann"]} and one["by"] == ["Bob"] and one["every"]
    assert one["any"][0] == {"made": "commits", "used": "opens"} and len(one["any"]) > 1
    assert one["before_told"] == ["bid_ann"], "Bob tells his before Ann opens, but after she has fixed hers"
    assert "Ann fixes bid ann, before anybody tells" in one["says"]


def test_what_happens_in_some_matches_only_is_not_proposed() -> None:
    assert proposed(CHALLENGE, [record(GOOD), record([say(0, "Ann", "415"), say(1, "Bob", "500")])]) == []


# --- the set


def test_every_challenge_of_the_set_has_obligations() -> None:
    challenges = load(SET).challenges
    assert [one["id"] for one in challenges if not one.get("obligations")] == []


def test_talk_alone_meets_no_obligation_of_the_set() -> None:
    for challenge in load(SET).challenges:
        seats = [one["id"] for one in challenge["participants"]]
        kept = {one["id"] for one in challenge["obligations"] if {"made": "keeps"} in one["any"]}  # met by silence
        case = challenge["instance"]["values"].get("case", {})
        cases = [{"case": label} for label in [*case.get("honest", ()), *case.get("negative", ())]] or [{}]
        talk = [say(0, seats[0], "Trust me."), say(1, seats[1], "Fine.")]
        found = [one for drawn in cases if (one := check_obligations(talk, challenge, drawn)) is not None]
        assert found and not any(one.met for check in found for one in check.found if one.id not in kept), challenge[
            "id"
        ]


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"id": "Not a label"}, "/id", "lower case"),
    ({"says": " "}, "/says", "what has to be done"),
    ({"of": {}}, "/of", "role -> names"),
    ({"of": {"Nobody": []}}, "/of/Nobody", "not a participant"),
    ({"of": {"Lena": ["no_value"]}}, "/of/Lena/0", "no value 'no_value'"),
    ({"by": ["Nobody"]}, "/by/0", "not a participant"),
    ({"any": []}, "/any", "1 to 12 ways"),
    ({"any": [{"made": "magic", "used": "opens"}]}, "/any/0/made", "expected one of commits"),
    ({"any": [{"made": "commits", "used": "magic"}]}, "/any/0/used", "expected one of opens"),
    ({"any": [{"made": "commits"}]}, "/any/0/used", "`by` says who"),
    ({"every": 1}, "/every", "true or false"),
    ({"before_told": ["no_value"]}, "/before_told/0", "no value"),
    ({"more": 1}, "/more", "is not a member of an obligation"),
]


@pytest.mark.parametrize(("change", "pointer", "part"), BAD)
def test_a_bad_obligation_is_refused_at_its_pointer(
    tmp_path: Path, change: dict[str, Any], pointer: str, part: str
) -> None:
    content = json.loads(SET.read_text(encoding="utf-8"))
    content["challenges"] = [one for one in content["challenges"] if one["id"] == "ferry-cabin-toss"]
    content["challenges"][0]["obligations"][0] |= change
    path = tmp_path / "set.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        load(path)
    issues = [(one.pointer, one.message) for one in refused.value.issues]
    assert [m for p, m in issues if p == f"/challenges/0/obligations/0{pointer}" and part in m], issues
