"""The turn loop: rotation, views, tool rounds, and why a match stops."""

from __future__ import annotations

import pytest

from arena.errors import GateDenied, Interrupted, LimitExceeded, ServiceFault
from arena.messages import NativeCall
from arena.play.dialogue import EMPTY_CUE, MAX_REASKS, DialogueSetup, converse, rotation
from arena.play.tool_protocol import MAX_ITEMS, call_text, done_text
from arena.records import EVERYBODY, Transcript
from tests.support.table_fakes import FakeServices, reply

CALL = call_text("hash", {"alg": "sha256", "data": "x"})


def play(services: FakeServices, seats: tuple[str, ...] = ("Ann", "Bob"), turns: int = 4, tools: int = 2) -> Transcript:
    systems = {seat: f"You are {seat}." for seat in seats}
    return converse(DialogueSetup(systems, rotation(seats, turns), tools, "(You open.)"), services)


def kinds(transcript: Transcript) -> list[tuple[str, str]]:
    return [(entry.seat, entry.kind) for entry in transcript.entries]


def test_the_first_seat_opens_and_seats_speak_in_strict_rotation() -> None:
    for seats in (("Ann", "Bob"), ("Ann", "Bob", "Cy"), ("A", "B", "C", "D", "E")):
        transcript = play(FakeServices({seat: [f"I am {seat}"] * 9 for seat in seats}), seats, turns=7)
        assert [entry.seat for entry in transcript.entries] == [seats[turn % len(seats)] for turn in range(7)]
        assert transcript.stop == "max_turns" and transcript.status == "done"


def test_each_seat_sees_its_own_turns_bare_and_the_others_with_their_name_in_front() -> None:
    services = FakeServices({"Ann": ["hello", "fine"], "Bob": ["hi"], "Cy": ["hey"]})
    play(services, ("Ann", "Bob", "Cy"), turns=4)
    seen = {(seat, turn): messages for seat, turn, _, messages in services.seen}
    assert seen["Ann", 0] == [("user", "(You open.)")]
    assert seen["Bob", 1] == [("user", "Ann| hello")]
    assert seen["Cy", 2] == [("user", "Ann| hello"), ("user", "Bob| hi")]
    assert seen["Ann", 3][1:] == [("assistant", "hello"), ("user", "Bob| hi"), ("user", "Cy| hey")]


def test_tool_calls_results_and_notes_are_seen_only_by_the_seat_that_made_them() -> None:
    services = FakeServices({"Ann": [f"secret note {CALL}", "public"], "Bob": ["ok"]})
    transcript = play(services, turns=2)
    assert services.tool_calls == [("Ann", 0, 0, 0, "hash", {"alg": "sha256", "data": "x"})]
    bob = services.seen[-1][3]
    assert bob == [("user", "Ann| public")]
    ann = services.seen[1][3]
    assert ann[1] == ("assistant", f"secret note {CALL}") and '"echo"' in ann[2][1]
    assert kinds(transcript) == [("Ann", "note"), ("Ann", "call"), ("Ann", "say"), ("Bob", "say")]
    assert [entry.to for entry in transcript.entries] == [("Ann",), ("Ann",), EVERYBODY, EVERYBODY]
    assert transcript.usage["Ann"].tool_calls == 1


def test_native_calls_beyond_the_most_of_a_message_are_named_to_the_seat() -> None:
    calls = tuple(NativeCall(f"c{n}", "hash", '{"alg": "sha256", "data": "x"}') for n in range(MAX_ITEMS + 2))
    services = FakeServices({"Ann": [reply("")._replace(calls=calls), "public"], "Bob": ["ok"]})
    transcript = play(services, turns=2, tools=MAX_ITEMS)
    assert len(services.tool_calls) == MAX_ITEMS
    (left,) = (entry for entry in transcript.entries if entry.kind == "malformed")
    assert left.problem == "a message may hold 64 calls, and 2 more were left out: send them in another."
    assert "2 more were left out" in services.seen[1][3][-1][1], "the seat is told"


def test_the_match_ends_when_the_latest_message_of_every_seat_is_done() -> None:
    services = FakeServices({"Ann": ["go", done_text("7"), "never"], "Bob": ["wait", f"deal {done_text('7')}"]})
    transcript = play(services, turns=9)
    assert transcript.stop == "agreed_end"
    assert (transcript.entries[-1].done, transcript.entries[-1].result) == (True, "7")
    assert services.seen[-1][3][-1] == ("user", f"Ann| {done_text('7')}")


def test_a_later_message_without_done_takes_it_back() -> None:
    services = FakeServices({"Ann": [done_text(1), "no, wait"], "Bob": ["hm", done_text(1)]})
    assert play(services, turns=4).stop == "max_turns"


@pytest.mark.parametrize(
    ("finish", "text", "stop"),
    [("stop", "", "empty_reply"), ("length", " \n", "max_tokens"), ("refusal", "No.", "refusal")],
)
def test_nothing_usable_twice_ends_the_match_judged_but_flagged(finish: str, text: str, stop: str) -> None:
    transcript = play(FakeServices({"Ann": ["hi"], "Bob": [reply(text, finish), reply(text, finish)]}))
    assert (transcript.stop, transcript.status) == (stop, "done")
    assert transcript.detail == f"Bob, turn 1: finish reason {finish}"
    used = transcript.usage["Bob"]
    assert (used.refusal if finish == "refusal" else used.empty_reply) == 2


def test_one_empty_reply_is_asked_again_and_forgiven() -> None:
    services = FakeServices({"Ann": [reply(""), "there"], "Bob": ["ok"]})
    transcript = play(services, turns=2)
    assert transcript.stop == "max_turns"
    assert services.seen[1][3] == [("user", "(You open.)"), ("user", EMPTY_CUE)]


def test_malformed_calls_are_told_to_the_player_counted_and_past_the_reasks_abort() -> None:
    broken = '{"tool_call": {"op": "hash", "args": {'
    transcript = play(FakeServices({"Ann": [broken] * (MAX_REASKS + 1), "Bob": []}))
    assert (transcript.stop, transcript.status) == ("player_fault", "aborted")
    assert transcript.detail == f"Ann, turn 0: {MAX_REASKS + 1} messages of one turn broke the tool rules"
    assert transcript.usage["Ann"].malformed == MAX_REASKS + 1

    services = FakeServices({"Ann": [broken, "sorry, in words"], "Bob": ["ok"]})
    assert play(services, turns=2).stop == "max_turns"
    assert "malformed_call" in services.seen[1][3][-1][1]


def test_good_calls_beside_a_malformed_one_are_carried_out() -> None:
    services = FakeServices({"Ann": [CALL + '\n{"tool_call": {"op": "hash", "args": 3}}', "so"], "Bob": ["ok"]})
    transcript = play(services, turns=2)
    assert kinds(transcript)[:2] == [("Ann", "call"), ("Ann", "malformed")]


def test_calls_past_the_limit_of_a_turn_are_refused_and_going_on_aborts() -> None:
    transcript = play(FakeServices({"Ann": [CALL, CALL, CALL, "well"], "Bob": ["ok"]}), turns=2, tools=2)
    assert [kind for _, kind in kinds(transcript)] == ["call", "call", "malformed", "say", "say"]
    assert play(FakeServices({"Ann": [CALL] * 9, "Bob": []}), tools=2).stop == "player_fault"


def test_without_a_calculator_a_call_is_malformed_and_says_so() -> None:
    services = FakeServices({"Ann": [CALL, "in words then"], "Bob": ["ok"]}, tools=False)
    transcript = play(services, turns=2)
    assert not services.tool_calls and "no tools" in transcript.entries[0].problem


@pytest.mark.parametrize(
    ("error", "stop", "status"),
    [
        (ServiceFault("timeout", "60 s"), "timeout", "error"),
        (ServiceFault("provider", "500"), "provider", "error"),
        (LimitExceeded("calls", 3, 2), "budget", "limit"),
        (GateDenied("rule 1"), "gate_denied", "denied"),
    ],
)
def test_what_is_no_players_fault_ends_the_match_without_a_score(error: Exception, stop: str, status: str) -> None:
    transcript = play(FakeServices({"Ann": ["hi"], "Bob": [error]}))
    assert (transcript.stop, transcript.status) == (stop, status)
    assert kinds(transcript) == [("Ann", "say")], "what was said before the outage is kept"


def test_an_interrupt_is_left_to_the_runner() -> None:
    with pytest.raises(Interrupted):
        play(FakeServices({"Ann": [Interrupted("stop")], "Bob": []}))
