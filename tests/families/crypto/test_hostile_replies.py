"""No text of a player or judge raises where it is parsed, checked, scored, shown to a judge, bundled or reported."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from arena.analysis.report.entries import turns
from arena.errors import DataError, PlayerFault
from arena.families.crypto.bundle import match_bundle
from arena.families.crypto.challenges.result_kinds import MAX_DIGITS, Unreadable, normal
from arena.families.crypto.checks.evidence import evidence_values
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.player_text import over_player_text
from arena.families.crypto.checks.results import MatchDetail
from arena.families.crypto.checks.verified import caps_of, findings, verified
from arena.families.crypto.rubric import RUBRIC
from arena.families.crypto.setup import read_setup
from arena.families.crypto.spec import SPEC
from arena.families.crypto.values import guess
from arena.judging.judge import JudgeMaterial, Truncation
from arena.judging.prompt import judge_conversation
from arena.judging.verdict import VerdictError, parse_verdict
from arena.play.call_reading import Call
from arena.play.tool_protocol import parse, results_message
from arena.records import EVERYBODY, Entry, Json, Record, Score, Stop, Transcript, Trial
from arena.settings.config import build_parser, read_config
from arena.store.journal import encode_line, parse_line
from tests.support.hostile_replies import replies

SEED = 20261129
TURNS = 6
"""Replies of one match."""


def entries_of(texts: tuple[str, ...], seats: list[str]) -> list[Entry]:
    """Return the transcript of a match in which these replies were given, one a turn."""
    entries: list[Entry] = []
    for turn, text in enumerate(texts):
        seat = seats[turn % len(seats)]
        parsed = parse(text)
        for index, item in enumerate(parsed.items):
            if isinstance(item, Call):
                answer = {"ok": True, "result": {"valid": False, "echo": item.args}}
                entries.append(Entry(turn, seat, (seat,), "call", id=f"{turn}.0.{index}", index=index, op=item.op,
                                     args=item.args, answer=answer))  # fmt: skip
                results_message([("x", answer)])
            else:
                entries.append(Entry(turn, seat, (seat,), "malformed", text=item.text, problem=item.problem))
        done = parsed.done
        result = None if done is None else done.result
        entries.append(Entry(turn, seat, EVERYBODY, "say", 0, parsed.say, done is not None, result))
    return entries


def go_through_matches(count: int, folder: Path) -> int:
    """Send `count` replies through everything that reads them; return how many matches that were."""
    words = ["--calculator-provider", "none"]
    parser = build_parser("arena run", SPEC.settings, "")
    config = read_config(words, {"ARENA_NO_DOTENV": "1"}, SPEC.settings, parser, mocks=SPEC.mocks)
    setup, _ = read_setup(config, None)
    played = [(challenge, guess(challenge, "00" * 32)) for challenge in setup.challenges]
    drawn = itertools.cycle([(challenge, values) for challenge, values in played if values is not None])
    found = replies(SEED, count)
    matches = 0
    while texts := tuple(itertools.islice(found, TURNS)):
        challenge, values = next(drawn)
        seats = [participant["id"] for participant in challenge["participants"]]
        entries = entries_of(texts, seats)
        checks = check_match(entries, challenge, values)
        caps = caps_of(findings(entries, challenge, values, checks))
        capped = verified(caps, dict.fromkeys(RUBRIC.dimensions), setup.rule, Stop.MAX_TURNS)
        score = Score({}, "FAILED", detail=MatchDetail(checks, capped))
        plan = {"challenge_id": challenge["id"], "rep": 0}
        trial = Trial(f"crypto/{challenge['id']}/rep_0", "crypto", {}, challenge["id"], None, "0" * 64, plan)
        made = Record(trial, 0, Transcript(entries, Stop.MAX_TURNS, instance=values), score)
        ledger(made, challenge)
        material = JudgeMaterial("{}", entries, Stop.MAX_TURNS, "0" * 32)
        question, _ = judge_conversation(RUBRIC, material, Truncation(), None)
        question.digest()
        again = Record.from_json(parse_line(folder, 1, encode_line(made.to_json())), "matches.jsonl", "", MatchDetail)
        assert encode_line(again.to_json()) == encode_line(made.to_json())
        match_bundle(made, challenge, setup).packed()
        str(turns(entries, {seat: place for place, seat in enumerate(seats)}, "m0"))
        for text in texts:
            with contextlib.suppress(VerdictError):
                parse_verdict(RUBRIC, text)
        matches += 1
    return matches


def test_no_reply_of_a_player_or_judge_raises(tmp_path: Path) -> None:
    assert go_through_matches(1500, tmp_path) == 250


@pytest.mark.long
def test_none_of_20_000_replies_raises(tmp_path: Path) -> None:
    assert go_through_matches(20_000, tmp_path) == 3334


NUMBERS = ["1" * 4301, "1" * 301, "-" + "9" * 5000, "1." + "5" * 400, float("inf"), float("nan"), 10**300]


@pytest.mark.parametrize("kind", ["int", "number"])
@pytest.mark.parametrize("declared", NUMBERS)
def test_a_declared_number_beyond_the_bound_is_unreadable(kind: str, declared: Json) -> None:
    with pytest.raises(Unreadable, match="number"):
        normal(kind, declared, [])


def test_a_declared_number_within_the_bound_is_read() -> None:
    assert normal("int", "7" * MAX_DIGITS, []) == "7" * MAX_DIGITS
    assert normal("number", "1,234.50", []) == "2469/2"


@pytest.mark.parametrize("kind", ["set", "list", "text", "role", "bool"])
@pytest.mark.parametrize("declared", ["x," * 100_000, ["x"] * 20_000, [10**400], {"a": 1}, [["x"]], None])
def test_a_declared_value_beyond_the_bound_is_unreadable(kind: str, declared: Json) -> None:
    with pytest.raises(Unreadable):
        normal(kind, declared, ["Ann"])


@pytest.mark.parametrize("sign", ["-", "a-", "=", "+/"])
def test_looking_for_codes_takes_no_square_of_the_text(sign: str) -> None:
    """A pattern that looked from each sign to the end of the text would need 10^11 steps here, and never end."""
    assert evidence_values("1 " + sign * 400_000) == ()


def test_what_raises_over_a_players_text_is_the_players_fault() -> None:
    @over_player_text
    def look(text: str) -> int:
        return int(text)

    assert look("7") == 7
    with pytest.raises(PlayerFault, match="look: ValueError"):
        look("x")


def test_damaged_data_stays_damaged_data() -> None:
    @over_player_text
    def look() -> None:
        raise DataError([])

    with pytest.raises(DataError):
        look()
