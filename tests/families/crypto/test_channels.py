"""Private messages in matches: every file that says who saw what agrees, and replay and resume give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.engine.finished import opened
from arena.families.crypto.challenges.members.channels import channels_problems
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.leaderboard_result import match_json
from arena.families.crypto.prompts import OPENING_CUE, system_prompt
from arena.families.crypto.views import role_messages
from arena.records import EVERYBODY, Entry
from arena.settings.places import DATA_ROOT

SET = DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
PLAYS = DATA_ROOT / "src/crypto-challenges/reference_plays"
CHALLENGES = {challenge["id"]: challenge for challenge in load(SET).challenges}
PRIVATE = [name for name, challenge in CHALLENGES.items() if "channels" in challenge]
BAGS = "seven-bags-for-the-valley"

CHALLENGE: dict[str, Any] = {
    "id": "codes",
    "name": "Codes",
    "participants": [{"id": "Ann"}, {"id": "Bo"}, {"id": "Cy"}],
    "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann opens."},
    "participant_context": {"public_background": "A door.", "role_specific": {}},
    "instance": {
        "values": {"code": {"draw": "int", "from": 100000, "to": 999999}, "room": {"draw": "is", "value": 7}},
        "own": {"Ann": ["code"], "Bo": ["room"]},
        "secret": {"Ann": ["code"]},
        "truth": "room",
        "result": "int",
    },
    "channels": {"listeners": [], "may_hear": {"code": ["Bo"]}},
}
VALUES = {"code": 471108, "room": 7}


def run(out: Path, *words: str) -> int:
    code: int = main(["run", "--judge-provider", "mock", "--out", str(out), "--quiet", *words])
    return code


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("channels") / "run"
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS)]
    assert run(out, *words, "--challenge-ids", ",".join(PRIVATE)) == 0
    return out


def test_set_has_challenges_with_private_messages_that_their_plays_use(played: Path) -> None:
    assert len(PRIVATE) >= 12
    ended_early = set()
    for record in opened(played).records:
        detail = detail_of(record)
        if not any(entry.kind == "say" and entry.to != EVERYBODY for entry in record.transcript.entries):
            assert detail is not None and detail.checks.case is not None and detail.checks.case.negative
            ended_early.add(record.trial.unit)
    assert len(ended_early) <= 2, "a negative case may end before the first private message"


def test_views_hold_what_each_seat_was_sent(played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last question to a seat, rebuilt from the journal, holds every message of its view up to there."""
    for seat in ("Pharmacist", "Courier", "Carer"):
        capsys.readouterr()
        assert main(["show", str(played), BAGS, "--sent", seat, "--json"]) == 0
        last = json.loads(capsys.readouterr().out.splitlines()[-1])
        sent = [one["content"] for one in last["messages"] if one["role"] == "user"]
        sent = [text for text in sent if not text.startswith(("Results ", OPENING_CUE))]
        view = json.loads((played / f"matches/{BAGS}/rep_0/role_views/{seat}.json").read_text(encoding="utf-8"))
        shown = [one["content"] for one in view["messages"] if one["role"] == "user"]
        assert sent and shown[: len(sent)] == sent
        own = [one["content"] for one in view["messages"] if one["role"] == "assistant"]
        asked = [one["content"] for one in last["messages"] if one["role"] == "assistant"]
        assert set(own[:-1]) <= set(asked)


def test_unaddressed_seat_never_sees_the_private_text(played: Path) -> None:
    record = next(record for record in opened(played).records if record.trial.unit == BAGS)
    (first, *_) = [entry for entry in record.transcript.entries if entry.kind == "say" and entry.to != EVERYBODY]
    assert first.to == ("Courier",)
    assert first.text not in json.dumps(role_messages(record.transcript.entries, "Carer"), ensure_ascii=False)
    assert any(message.get("content") == "(Pharmacist writes to Courier alone.)"
               for message in role_messages(record.transcript.entries, "Carer"))  # fmt: skip


@pytest.mark.parametrize(
    "name, listener, to",
    [("result-on-the-ward-board", "Reception", "Patient"), ("night-door-of-the-shelter", "Doorkeeper", "Guest")],
)
def test_listener_is_shown_what_others_write_in_private(name: str, listener: str, to: str, played: Path) -> None:
    record = next(record for record in opened(played).records if record.trial.unit == name)
    (first, *_) = [entry for entry in record.transcript.entries if entry.kind == "say" and entry.to != EVERYBODY]
    assert set(first.to) == {to, listener}
    view = json.loads((played / f"matches/{name}/rep_0/role_views/{listener}.json").read_text(encoding="utf-8"))
    heard = [message["content"] for message in view["messages"] if message["role"] == "user"]
    assert any(first.text.splitlines()[0] in text for text in heard)
    assert f"{listener} also hears every private message." in json.dumps(view, ensure_ascii=False)


def test_bundle_transcript_and_export_name_who_heard_it(played: Path) -> None:
    bundle = json.loads((played / f"matches/{BAGS}/rep_0/transcript.json").read_text(encoding="utf-8"))
    assert [turn["to"] for turn in bundle["transcript"] if "to" in turn] == [["Courier"], ["Carer"]]
    record = next(record for record in opened(played).records if record.trial.unit == BAGS)
    exported = match_json(record, CHALLENGES[BAGS], 15, None)
    assert [turn["to"] for turn in exported["transcript"] if "to" in turn] == [["Courier"], ["Carer"]]


def test_report_marks_private_turns(played: Path) -> None:
    assert main(["report", str(played)]) == 0
    assert "seen only by" in (played / "report.html").read_text(encoding="utf-8")


def test_verify_and_replay_hold_byte_for_byte(played: Path, tmp_path: Path) -> None:
    assert main(["verify", str(played)]) == 0
    again = tmp_path / "again"
    words = ["--participant-provider", "replay", "--participant-model", str(played)]
    assert run(again, *words, "--challenge-ids", ",".join(PRIVATE)) == 0
    for record, other in zip(opened(played).records, opened(again).records, strict=True):
        assert record.transcript.entries == other.transcript.entries
    views = [path.relative_to(played) for path in sorted(played.glob("role_views/*.jsonl"))]
    assert views
    for path in views:
        assert (played / path).read_bytes() == (again / path).read_bytes()


def test_resumed_run_equals_an_uninterrupted_one(played: Path, tmp_path: Path) -> None:
    out = tmp_path / "cut"
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS), "--workers", "1",
             "--challenge-ids", ",".join(PRIVATE)]  # fmt: skip
    run(out, *words, "--max-calls", "25")
    assert sum(record.status == "done" for record in opened(out).records) < len(PRIVATE)
    assert run(out, *words, "--resume") == 0
    assert (out / "matches.jsonl").read_bytes() == (played / "matches.jsonl").read_bytes()


# What a secret may be told to


def say(turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> Entry:
    return Entry(turn, seat, to, "say", text=text)


def leaked(entry: Entry, **channels: Any) -> bool:
    challenge = {**CHALLENGE, "channels": {**CHALLENGE["channels"], **channels}}
    checks = check_match([entry], challenge, VALUES)
    assert checks.leaks is not None
    return not checks.leaks.ok


def test_secret_told_to_one_who_may_hear_it_is_no_leak() -> None:
    assert not leaked(say(0, "Ann", "The code is 471108.", ("Bo",)))


def test_secret_heard_by_anybody_else_is_a_leak() -> None:
    assert leaked(say(0, "Ann", "The code is 471108.", ("Cy",)))
    assert leaked(say(0, "Ann", "The code is 471108.", ("Bo", "Cy")))
    assert leaked(say(0, "Ann", "The code is 471108."))
    assert leaked(say(0, "Ann", "The code is 471108.", ("Bo",)), may_hear={})


def test_prompt_explains_private_messages_where_there_are_some() -> None:
    found = system_prompt({**CHALLENGE, "channels": {"listeners": ["Cy"]}}, "Ann", None, 15, VALUES)
    assert '{"to": ["NAME"]}' in found and "Cy also hears every private message." in found
    plain = {name: member for name, member in CHALLENGE.items() if name != "channels"}
    assert "Private messages" not in system_prompt(plain, "Ann", None, 15, VALUES)


@pytest.mark.parametrize(
    "channels, pointer",
    [
        ({}, "/channels"),
        ({"may_hear": {}}, "/channels/listeners"),
        ({"listeners": ["Zoe"]}, "/channels/listeners/0"),
        ({"listeners": [], "may_hear": {"room": ["Bo"]}}, "/channels/may_hear/room"),
        ({"listeners": [], "may_hear": {"code": ["Zoe"]}}, "/channels/may_hear/code/0"),
        ({"listeners": [], "more": 1}, "/channels/more"),
    ],
)
def test_bad_channels_are_told_at_their_place(channels: Any, pointer: str) -> None:
    roles = ["Ann", "Bo", "Cy"]
    assert pointer in [place for place, _ in channels_problems({**CHALLENGE, "channels": channels}, "", roles)]
    assert not list(channels_problems(CHALLENGE, "", roles))


def test_two_roles_need_no_channels() -> None:
    assert [place for place, _ in channels_problems(CHALLENGE, "", ["Ann", "Bo"])][0] == "/channels"
