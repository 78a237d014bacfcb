"""Private messages: whom a line {"to": [...]} addresses, who hears what, and what is a mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arena.play.addressing import Address, Channels, address_line, read_address
from arena.play.dialogue import MAX_REASKS, DialogueSetup, converse, rotation
from arena.play.hearing import heard, read_heard, unheard
from arena.play.tool_protocol import call_text, parse
from arena.records import EVERYBODY, Transcript
from tests.support.table_fakes import FakeServices

DOC = (Path(__file__).resolve().parents[2] / "docs" / "tool-protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^````address (\w+)\n(.*?)\n````$", DOC, re.DOTALL | re.MULTILINE)

SEATS = ("Ann", "Bo", "Cy")
OPEN = Channels(SEATS)
HEARD = Channels(SEATS, ("Cy",))


def test_documented_addresses_read_as_the_page_says() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"private", "public", "mistake"}
    for kind, message in EXAMPLES:
        found = read_address(parse(message).say, "Ann", OPEN)
        read = "mistake" if found.problem else "public" if found.to is None else "private"
        assert read == kind, message


def test_address_names_who_hears_the_text_below() -> None:
    assert read_address('{"to": ["Bo"]}\nThe code is 4.', "Ann", OPEN) == Address(("Bo",), "The code is 4.")
    assert read_address('{"to": "Bo"}\n\nHi.\nAnd bye.', "Ann", OPEN) == Address(("Bo",), "Hi.\nAnd bye.")


def test_listener_hears_what_is_addressed_to_others() -> None:
    assert read_address('{"to": ["Bo"]}\nHi.', "Ann", HEARD).to == ("Bo", "Cy")
    assert read_address('{"to": ["Bo"]}\nHi.', "Cy", HEARD).to == ("Bo",)


def test_text_without_an_address_is_for_all() -> None:
    for text in ("Hi.", 'I would send {"to": ["Bo"]} if I could.', '{"to": ["all"]}\nHi.'):
        assert read_address(text, "Ann", OPEN).to is None
        assert not read_address(text, "Ann", OPEN).problem


@pytest.mark.parametrize(
    "text, part",
    [
        ('{"to": ["Zoe"]}\nHi.', "nobody else is called 'Zoe'"),
        ('{"to": ["Ann"]}\nHi.', "nobody else is called 'Ann'"),
        ('{"to": []}\nHi.', "names nobody"),
        ('{"to": 3}\nHi.', "cannot read the address"),
        ('{"to": ["Bo"], "cc": ["Cy"]}\nHi.', "cannot read the address"),
        ('Hi.\n{"to": ["Bo"]}\nPsst.', "one address"),
        ('{"to": ["Bo"]}\nA\n{"to": ["Cy"]}\nB', "one address"),
    ],
)
def test_wrong_address_is_a_mistake_that_is_named(text: str, part: str) -> None:
    found = read_address(text, "Ann", OPEN)
    assert part in found.problem and found.line.startswith('{"to"')


def test_private_line_shows_who_hears_it_and_reads_back() -> None:
    text = heard("Ann", "one\ntwo", ("Bo", "Cy"))
    assert text == "Ann -> Bo, Cy| one\nAnn -> Bo, Cy| two"
    assert read_heard(text) == ("Ann", "one\ntwo")


# In a dialogue


def play(services: FakeServices, channels: Channels | None = OPEN, turns: int = 4) -> Transcript:
    systems = {seat: f"You are {seat}." for seat in SEATS}
    return converse(DialogueSetup(systems, rotation(SEATS, turns), 2, "(You open.)", channels=channels), services)


def test_only_those_addressed_hear_a_private_turn() -> None:
    services = FakeServices({"Ann": ['{"to": ["Bo"]}\nThe code is 4.', "bye"], "Bo": ["thanks"], "Cy": ["?"]})
    transcript = play(services)
    seen = {(seat, turn): messages for seat, turn, _, messages in services.seen}
    assert seen["Bo", 1] == [("user", "Ann -> Bo| The code is 4.")]
    assert seen["Cy", 2] == [("user", unheard("Ann", ("Bo",))), ("user", "Bo| thanks")]
    assert seen["Ann", 3][1] == ("assistant", f"{address_line(['Bo'])}\nThe code is 4.")
    assert [entry.to for entry in transcript.entries] == [("Bo",), EVERYBODY, EVERYBODY, EVERYBODY]
    assert transcript.entries[0].text == "The code is 4."


def test_done_in_a_private_turn_counts_for_the_end() -> None:
    done = '\n{"done": {"result": 4}}'
    services = FakeServices({"Ann": [f'{{"to": ["Bo"]}}\nSo.{done}'], "Bo": [f"Yes.{done}"], "Cy": [f"Yes.{done}"]})
    transcript = play(services)
    assert transcript.stop == "agreed_end"
    assert transcript.entries[0].to == ("Bo",) and transcript.entries[0].result == 4


def test_message_to_an_unknown_seat_is_told_to_its_writer_alone_and_counted() -> None:
    services = FakeServices({"Ann": ['{"to": ["Zoe"]}\nPsst 4.', "hello"], "Bo": ["hi"]})
    transcript = play(services, turns=2)
    assert [(entry.seat, entry.kind) for entry in transcript.entries] == [
        ("Ann", "malformed"), ("Ann", "say"), ("Bo", "say"),
    ]  # fmt: skip
    assert transcript.usage["Ann"].malformed == 1
    bo = [messages for seat, _, _, messages in services.seen if seat == "Bo"][0]
    assert bo == [("user", "Ann| hello")]


def test_unknown_seats_past_the_reasks_abort_the_match_as_the_players_fault() -> None:
    services = FakeServices({"Ann": ['{"to": ["Zoe"]}\nPsst.'] * (MAX_REASKS + 1)})
    transcript = play(services)
    assert transcript.stop == "player_fault" and transcript.status == "aborted"


def test_address_beside_a_call_is_a_private_note() -> None:
    call = call_text("hash", {"data": "00"})
    services = FakeServices({"Ann": [f'{{"to": ["Bo"]}}\n{call}', "hello"], "Bo": ["hi"]})
    transcript = play(services, turns=2)
    assert [entry.kind for entry in transcript.entries] == ["note", "call", "say", "say"]


def test_without_channels_an_address_is_talk_for_all() -> None:
    services = FakeServices({"Ann": ['{"to": ["Bo"]}\nHi.'], "Bo": ["hi"]})
    transcript = play(services, None, turns=2)
    assert transcript.entries[0].to == EVERYBODY
    assert transcript.entries[0].text == '{"to": ["Bo"]}\nHi.'
