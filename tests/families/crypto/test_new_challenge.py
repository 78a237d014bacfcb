"""`arena challenges new`: what a skeleton makes is complete, playable and clean, and bad skeletons say where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.errors import DataError
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.skeletons.make import made
from arena.families.crypto.skeletons.skeleton import EXAMPLES, PATTERNS, SEALED_VALUES, read_skeleton

pytestmark = pytest.mark.usefixtures("calculator_binary")


def skeleton_file(folder: Path, example: str, **changes: Any) -> Path:
    path = folder / "skeleton.json"
    path.write_text(json.dumps({**EXAMPLES[example], **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize("pattern", PATTERNS)
def test_example_makes_challenges_that_lint_and_play(
    pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["challenges", "new", "--example", pattern]) == 0
    (tmp_path / "skeleton.json").write_text(capsys.readouterr().out, encoding="utf-8")
    out = tmp_path / "set" / "set.json"
    assert main(["challenges", "new", "--from", str(tmp_path / "skeleton.json"), "--out", str(out)]) == 0
    assert main(["challenges", "lint", "--challenges", str(out)]) == 0
    for challenge in load(out).challenges:
        assert main(["challenges", "play", challenge["id"], "--challenges", str(out), "--seed", "3"]) == 0
        assert challenge["obligations"] and challenge["temptation"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_baselines_of_a_made_challenge_all_fail(
    pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set.json"
    assert main(["challenges", "new", "--from", str(skeleton_file(tmp_path, pattern)), "--out", str(out)]) == 0
    capsys.readouterr()
    main(["challenges", "baselines", "--challenges", str(out), "--seeds", "2", "--json"])
    rates = {one["name"]: one["verified_success_rate"] for one in json.loads(capsys.readouterr().out)["baselines"]}
    assert rates.pop("reference") == 1.0
    assert rates and set(rates.values()) == {0.0}


def test_cheating_play_of_a_made_challenge_cheats(tmp_path: Path) -> None:
    out = tmp_path / "set.json"
    path = skeleton_file(tmp_path, SEALED_VALUES)
    assert main(["challenges", "new", "--from", str(path), "--out", str(out)]) == 0
    words = ["--challenges", str(out), "--adversary", "scripted", "--repetitions", "6", "--quiet"]
    words += ["--participant-provider", "scripted", "--participant-model", str(tmp_path / "reference_plays")]
    assert main(["run", *words, "--judge-provider", "mock", "--out", str(tmp_path / "run")]) == 0
    cheats = json.loads((tmp_path / "run/summary.json").read_text(encoding="utf-8"))["cheats"]
    assert cheats["told"] == cheats["cheat_detection"]["n"] > 0
    assert cheats["honest_acceptance"]["rate"] == 1.0


def test_each_seat_that_may_cheat_gives_a_challenge_of_its_own(tmp_path: Path) -> None:
    both = made(read_skeleton(skeleton_file(tmp_path, SEALED_VALUES)))
    assert [one.challenge["temptation"]["seat"] for one in both] == ["Agnieszka", "Pavol"]
    assert len({one.challenge["id"] for one in both}) == 2
    (honest,) = made(read_skeleton(skeleton_file(tmp_path, SEALED_VALUES, cheat=None)))
    assert "temptation" not in honest.challenge and honest.cheating is None


def test_second_skeleton_is_added_to_the_set_and_the_same_one_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set.json"
    first = skeleton_file(tmp_path, SEALED_VALUES, cheat=None)
    assert main(["challenges", "new", "--from", str(first), "--out", str(out)]) == 0
    assert main(["challenges", "new", "--from", str(first), "--out", str(out)]) == 2
    assert "already has orchard-lease" in capsys.readouterr().err
    second = skeleton_file(tmp_path, SEALED_VALUES, cheat=None, id="another-lease")
    assert main(["challenges", "new", "--from", str(second), "--out", str(out)]) == 0
    assert [challenge["id"] for challenge in load(out).challenges] == ["orchard-lease", "another-lease"]


def without_values() -> list[dict[str, Any]]:
    return [
        {name: found for name, found in role.items() if name != "values"} for role in EXAMPLES[SEALED_VALUES]["roles"]
    ]


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"skeleton": 2}, "/skeleton"),
        ({"pattern": "poker"}, "/pattern"),
        ({"best": "nicest"}, "/best"),
        ({"roles": without_values()}, "/roles/0/values"),
        ({"roles": []}, "/roles"),
        ({"cheat": {"seats": ["Zoe"], "gain": "g", "false": {"draw": "int", "from": 1, "to": 2}}}, "/cheat/seats/0"),
        ({"cheat": {"seats": ["Pavol"], "gain": "g"}}, "/cheat/false"),
        ({"more": 1}, "/more"),
    ],
)
def test_bad_skeleton_is_told_at_its_place(changes: dict[str, Any], part: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=part):
        read_skeleton(skeleton_file(tmp_path, SEALED_VALUES, **changes))


@pytest.mark.parametrize("words", [[], ["--from", "x.json"], ["--out", "set.json"]])
def test_missing_flags_are_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "new", *words]) == 2
    assert "--example" in capsys.readouterr().err


def test_made_challenge_with_errors_is_written_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = skeleton_file(tmp_path, SEALED_VALUES, cheat=None, stance="Use a hash function.")
    assert main(["challenges", "new", "--from", str(path), "--out", str(tmp_path / "set.json")]) == 1
    assert "textbook name" in capsys.readouterr().out
