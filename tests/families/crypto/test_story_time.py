"""Time in a challenge: what the clock shows, and that slow work takes as long as the story says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.errors import DataError
from arena.families.crypto.challenges.members.time import time_problems
from arena.families.crypto.story_time import NOT_DONE_YET, StoryTime, steps_of, told

ROOT = Path(__file__).resolve().parents[3]
SEATS = ("Ann", "Bo", "Cy")
TIME = {"begins": "22:30", "between_turns": "30 minutes", "steps_per_turn": 1000}
PLAYS = ROOT / "src" / "crypto-challenges" / "reference_plays"


def story(max_turns: int = 15, **changed: Any) -> StoryTime:
    return StoryTime({**TIME, **changed}, {"pace": 500}, SEATS, max_turns)


def solve(steps: int, start: str = "5") -> dict[str, Any]:
    return {"n": "3233", "x": start, "t": steps}


def late(answer: Any) -> str:
    assert answer["ok"] is False and answer["error"]["code"] == NOT_DONE_YET
    return str(answer["error"]["message"])


def test_the_clock_goes_on_past_midnight() -> None:
    assert story().clock(0) == "day 1, 22:30"
    assert story().clock(3) == "day 2, 00:00"
    assert story(between_turns="2 days").clock(3) == "day 7, 22:30"


def test_a_seat_is_told_the_hour_and_its_next_turn() -> None:
    assert story().cue(1) == "(It is day 1, 23:00; your next turn is at day 2, 00:30.)"
    assert story(max_turns=3).cue(1) == "(It is day 1, 23:00; this is your last turn.)"


def test_work_within_a_turn_is_carried_out() -> None:
    assert story().answer("Ann", 0, "timelock_solve", solve(1000)) is None


def test_longer_work_is_started_and_done_in_a_later_turn() -> None:
    clock = story()
    assert "make the same call again in your turn 3 (day 2, 00:00)" in late(
        clock.answer("Ann", 0, "timelock_solve", solve(2500))
    )
    assert clock.answer("Ann", 3, "timelock_solve", solve(2500)) is None


def test_idle_turns_before_a_call_save_nothing() -> None:
    late(story().answer("Ann", 6, "timelock_solve", solve(2500)))


def test_a_machine_does_one_thing_after_another() -> None:
    clock = story()
    late(clock.answer("Ann", 0, "timelock_solve", solve(2500)))
    assert "in your turn 6" in late(clock.answer("Ann", 0, "timelock_solve", solve(2500, "7")))
    assert clock.answer("Ann", 3, "timelock_solve", solve(2500)) is None
    late(clock.answer("Ann", 3, "timelock_solve", solve(2500, "7")))
    assert clock.answer("Ann", 6, "timelock_solve", solve(2500, "7")) is None


def test_each_seat_has_a_machine_of_its_own() -> None:
    clock = story()
    late(clock.answer("Ann", 0, "timelock_solve", solve(2500)))
    assert clock.answer("Bo", 1, "timelock_solve", solve(900)) is None


def test_work_that_outlasts_the_match_is_not_started() -> None:
    clock = story()
    assert "after your last turn, so it was not started" in late(
        clock.answer("Ann", 0, "timelock_solve", solve(99_000))
    )
    assert clock.answer("Ann", 0, "timelock_solve", solve(1000)) is None


def test_pieces_of_a_turns_length_lead_to_the_end() -> None:
    clock = story()
    assert clock.answer("Ann", 0, "timelock_solve", solve(1000)) is None
    late(clock.answer("Ann", 0, "timelock_solve", solve(1000, "8")))
    assert clock.answer("Ann", 3, "timelock_solve", solve(1000, "8")) is None


def test_without_an_allowance_only_the_clock_runs() -> None:
    clock = StoryTime({"begins": "08:00", "between_turns": "7 days"}, None, SEATS, 15)
    assert clock.answer("Ann", 0, "timelock_solve", solve(1 << 20)) is None


def test_the_allowance_may_be_a_drawn_value() -> None:
    late(story(steps_per_turn="pace").answer("Ann", 0, "timelock_solve", solve(501)))
    with pytest.raises(DataError, match="steps_per_turn"):
        story(steps_per_turn="nothing")


@pytest.mark.parametrize(
    ("op", "args", "steps"),
    [
        ("timelock_solve", {"t": 7}, 7),
        ("timelock_verify", {"t": 7}, 7),
        ("timelock_verify", {"t": 7, "p": "3", "q": "5"}, 0),
        ("timelock_make", {"t": 7}, 0),
        ("vdf_prove", {"t": 9}, 9),
        ("vdf_verify", {"t": 9}, 0),
        ("hash_chain", {"n": 12}, 12),
        ("pbkdf2", {"iterations": 1000}, 1000),
        ("modpow", {"exp": "0x10"}, 5),
        ("modpow", {"exp": 16}, 5),
        ("modpow", {"exp": "9" * 4800}, 16000),
        ("modpow", {"exp": "what"}, 0),
        ("batch", {"requests": [{"op": "hash_chain", "args": {"n": 3}}, {"op": "vdf_prove", "args": {"t": 4}}]}, 7),
        ("hash", {"data": "00"}, 0),
        ("timelock_solve", "nothing", 0),
        ("timelock_solve", {"t": True}, 0),
    ],
)
def test_steps_are_those_that_go_one_after_the_other(op: str, args: Any, steps: int) -> None:
    assert steps_of(op, args) == steps


def test_players_read_what_a_machine_does() -> None:
    assert "machine does 1000 steps" in told(TIME)
    assert "machine does {pace} steps" in told({**TIME, "steps_per_turn": "pace"})
    assert "machine" not in told({"begins": "08:00", "between_turns": "7 days"})


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"begins": "25:00"}, "/time/begins"),
        ({"between_turns": "soon"}, "/time/between_turns"),
        ({"between_turns": "0 days"}, "/time/between_turns"),
        ({"steps_per_turn": 0}, "/time/steps_per_turn"),
        ({"steps_per_turn": "hidden"}, "/time/steps_per_turn"),
        ({"steps_per_turn": "unknown"}, "/time/steps_per_turn"),
        ({"pace": 3}, "/time/pace"),
    ],
)
def test_a_wrong_member_is_named_at_its_place(changed: dict[str, Any], place: str) -> None:
    instance = {"values": {"pace": {}, "hidden": {}}, "known": ["pace"]}
    challenge = {"time": {**TIME, **changed}, "instance": instance}
    assert [found for found, _ in time_problems(challenge, "", SEATS)] == [place]


def test_sound_times_have_no_problem() -> None:
    instance = {"values": {"pace": {}}, "known": ["pace"]}
    for steps in (1, "pace"):
        challenge = {"time": {**TIME, "steps_per_turn": steps}, "instance": instance}
        assert not list(time_problems(challenge, "", SEATS))


def _river(tmp_path: Path, timed: bool) -> Path:
    """Write the challenge of the river with an honest case, and a play in which the last writer tries numbers."""
    whole = json.loads((ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json").read_text("utf-8"))
    (challenge,) = (c for c in whole["challenges"] if c["id"] == "who-starts-on-the-river")
    challenge["instance"]["values"]["case"] = {"draw": "is", "value": "in_order", "hidden": True}
    del challenge["obligations"]
    challenge["instance"]["values"]["steps"] = {"draw": "is", "value": 30000}
    if not timed:
        del challenge["time"]
    (tmp_path / "set.json").write_text(json.dumps({**whole, "challenges": [challenge]}), "utf-8")
    play = json.loads((PLAYS / "who-starts-on-the-river.json").read_text("utf-8"))
    otters = play["turns"]["Otters"]
    tried = [{"as": f"r{i}", "op": "random_bytes", "args": {"len": 16}} for i in range(2)]
    starts, runs = [], []
    for i in range(2):
        data = f"utf8:gorge weekend 2027, {{{{r{i}}}}}, {{{{heard.Herons.number}}}}, {{{{heard.Cranes.number}}}}"
        starts.append({"as": f"x{i}", "op": "hash_to_int", "args": {"data": data, "mod": "{{my.gorge}}"}})
        args = {"n": "{{my.gorge}}", "x": f"{{{{x{i}}}}}", "t": "{{my.steps}}"}
        runs.append({"as": f"p{i}", "op": "vdf_prove", "args": args})
    said = "We have tried two: {{p0.y}}, {{p1.y}}. number [{{r1}}]"
    play["turns"]["Otters"] = [otters[0], {"calls": tried}, {"calls": starts}, {"calls": runs}, said]
    play |= {"at_end": "repeat", "on_miss": "invent"}
    (tmp_path / "grinder.json").write_text(json.dumps(play), "utf-8")
    return tmp_path / "set.json"


def _outcomes_known(tmp_path: Path, timed: bool) -> list[bool]:
    """Play the grinder; return of each number that it tried whether it saw the outcome before it wrote its own."""
    out = tmp_path / "run"
    code = main(
        ["run", "--challenges", str(_river(tmp_path, timed)), "--out", str(out), "--max-turns", "4", "--judge-model",
         "mock/judge", "--participant-model", f"scripted/{tmp_path / 'grinder.json'}"]
    )  # fmt: skip
    assert code == 0
    assert main(["verify", str(out)]) == 0
    (line,) = (out / "matches.jsonl").read_text("utf-8").splitlines()
    calls = [one for one in json.loads(line)["transcript"] if one["kind"] == "call" and one["op"] == "vdf_prove"]
    return [json.loads(one["answer"])["ok"] for one in calls]


def test_the_last_writer_cannot_try_numbers_out_in_time(tmp_path: Path) -> None:
    assert _outcomes_known(tmp_path, timed=True) == [False, False]


def test_without_time_the_last_writer_can_try_numbers_out(tmp_path: Path) -> None:
    assert _outcomes_known(tmp_path, timed=False) == [True, True]
