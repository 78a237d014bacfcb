"""`arena challenges`: what it says is what the set holds, and every problem is named with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arena.cli.commands import COMMANDS
from arena.cli.entry import main
from arena.families.crypto.challenges.lint import WANTED, lint
from arena.families.crypto.challenges.render import markdown
from arena.families.crypto.challenges.schema import load
from arena.records import trial_seed

ROOT = Path(__file__).resolve().parents[3]
SET_FILE = ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
TOSS = "ferry-cabin-toss"

pytestmark = pytest.mark.usefixtures("calculator_binary")


def test_the_rendered_set_is_current() -> None:
    page = (SET_FILE.parent / "CHALLENGES.md").read_text(encoding="utf-8")
    assert page == markdown(load(SET_FILE)), "renew it: python3 -m arena challenges render"


def test_the_command_is_listed() -> None:
    assert "challenges" in COMMANDS


TIGHT: frozenset[str] = frozenset()
"""Challenges whose reference play leaves players less slack than lint wants: none."""

KNOWN_OPS = frozenset([
    "authenticated_encryption", "hash_chain_payword", "lost_key", "membership_proof", "message_authentication",
])  # fmt: skip
"""Families that are only held out, and whose plays use no op that others do not."""


def test_lint_finds_nothing_in_the_set_but_what_is_listed_here() -> None:
    found = lint(load(SET_FILE), None)
    assert {f.level for f in found} <= {"warning"}
    tight = {f.message.partition(":")[0] for f in found if "leave players" in f.message}
    families = {f.message.split()[1].rstrip(":") for f in found if "use all ops" in f.message}
    assert (tight, families) == (TIGHT, KNOWN_OPS)
    listed = ("leave players", "use all ops")
    assert [f for f in found if not any(part in f.message for part in listed)] == []


def test_list_and_stats_tell_what_the_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    ids = [challenge["id"] for challenge in load(SET_FILE).challenges]
    assert main(["challenges", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ids
    assert main(["challenges", "list"]) == 0
    text = capsys.readouterr().out
    assert [name for name in ids if name not in text] == []
    assert main(["challenges", "stats", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["challenges"] == len(ids) == sum(found["difficulty"].values()) == sum(found["roles"].values())
    assert set(WANTED) <= set(found)
    assert main(["challenges", "stats"]) == 0 and "primitive_family" in capsys.readouterr().out


def test_show_tells_each_role_what_a_match_of_this_seed_tells_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["challenges", "show", TOSS, "--seed", "5"]) == 0
    text = capsys.readouterr().out
    run = ["run", "--challenge-ids", TOSS, "--seed", "5", "--quiet", "--max-turns", "2", "--out", str(tmp_path / "run")]
    main([*run, "--calculator-provider", "none"])
    for role in ("Lena", "Tomasz"):
        view = json.loads((tmp_path / f"run/matches/{TOSS}/rep_0/role_views/{role}.json").read_text(encoding="utf-8"))
        line = view["system_prompt"].partition("Your values (JSON):\n")[2].partition("\n")[0]
        assert line in text and json.loads(line)
    capsys.readouterr()
    assert main(["challenges", "show", TOSS, "--seed", "6", "--tools"]) == 0
    other = capsys.readouterr().out
    assert other != text and "commit_hash" in other
    assert main(["challenges", "show", TOSS, "--seed", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] == trial_seed(5, f"crypto/{TOSS}/rep_0")


def test_play_prints_the_play_and_its_checks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "play", TOSS, "--seed", "2"]) == 0
    text = capsys.readouterr().out
    assert "Lena calls c: commit_hash" in text and "ended: agreed_end" in text
    assert text.count(": ok {") == 7 and "NOT OK" not in text


def test_play_of_a_play_that_goes_wrong_says_where_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = one_challenge()
    path = placed(tmp_path, content, play={"format": 1, "turns": {"Lena": ["note [{{my.nothing}}]"]}})
    assert main(["challenges", "play", TOSS, "--challenges", str(path)]) == 1
    out = capsys.readouterr().out
    assert "ended: provider scripted: ferry-cabin-toss.json, seat 'Lena', message 1" in out
    assert "has no 'nothing'" in out


def test_render_writes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "render", "--out", str(tmp_path / "x.md")]) == 0
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == markdown(load(SET_FILE))
    assert f"{len(load(SET_FILE).challenges)} challenges" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["show", "no-such"], "no-such"),
        (["play", "food-depot-dor"], "did you mean"),
        (["shout"], "shout"),
        ([], "which COMMAND? there are: lint"),
        (["show", TOSS, "--seed", "x"], "--seed"),
        (["lint", "--challenges", "nowhere.json"], "nowhere.json"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_2(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["challenges", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith("arena challenges: ") and part in err and "Traceback" not in err


# --- lint: each problem at its place


def one_challenge() -> dict[str, Any]:
    content = json.loads(SET_FILE.read_text(encoding="utf-8"))
    content["challenges"] = [challenge for challenge in content["challenges"] if challenge["id"] == TOSS]
    for member in ("temptation", "fairness", "payoffs"):  # they name values, and their own tests look at them
        content["challenges"][0].pop(member)
    assert isinstance(content, dict)
    return content


def placed(folder: Path, content: dict[str, Any], play: dict[str, Any] | None = None) -> Path:
    (folder / "reference_plays").mkdir()
    original = SET_FILE.parent / "reference_plays" / f"{TOSS}.json"
    text = original.read_text(encoding="utf-8") if play is None else json.dumps(play | {"canary": content["canary"]})
    (folder / "reference_plays" / f"{TOSS}.json").write_text(text, encoding="utf-8")
    path = folder / "set.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def at(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(challenge: dict[str, Any]) -> None:
        owner: Any = challenge
        for step in path[:-1]:
            owner = owner[step]
        if value is None:
            del owner[path[-1]]
        else:
            owner[path[-1]] = value

    return change


def without(*members: str) -> Callable[[dict[str, Any]], None]:
    def change(challenge: dict[str, Any]) -> None:
        for member in members:
            del challenge[member]

    return change


CONTEXT = "participant_context"
BAD = [
    (without("instance", "obligations"), "error", "/challenges/0/instance", "is missing"),
    (at("reference_play", value=None), "error", "/challenges/0/reference_play", "no play proves"),
    (at("reference_play", value="reference_plays/other.json"), "error", "/challenges/0/reference_play", "expected"),
    (at(CONTEXT, "public_background", value="Use a hash. " * 30), "error", f"/challenges/0/{CONTEXT}/public_background",
     "textbook name 'hash'"),
    (at(CONTEXT, "public_background", value="Too short."), "warning", f"/challenges/0/{CONTEXT}/public_background",
     "has 2 words"),
    (at(CONTEXT, "role_specific", "Lena", "goals", value=["g"] * 4), "warning",
     f"/challenges/0/{CONTEXT}/role_specific/Lena/goals", "4 entries"),
    (at("judge", "common_failures", value=["one"]), "warning", "/challenges/0/judge/common_failures", "1 entries"),
    (at("instance", "values", "worth_lena", value={"draw": "choice", "of": ["a"], "exclude": "x"}), "error",
     "/challenges/0/instance/values/worth_lena", "cannot be drawn"),
    (at("instance", "truth", value="ref_lena"), "error", "/challenges/0/instance/truth", "`result` wants one of Lena"),
    (at("instance", "values", "ref_lena", value={"draw": "calculator", "op": "no_such_op", "args": {}}), "error",
     "/challenges/0/instance/values/ref_lena/op", "no op 'no_such_op'"),
    (at("instance", "asks", value=None), "warning", "/challenges/0/instance/asks", "is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "level", "pointer", "part"), BAD)
def test_lint_names_what_is_wrong_with_a_challenge(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], level: str, pointer: str, part: str
) -> None:
    content = one_challenge()
    content["challenges"][0]["instance"]["values"]["x"] = {"draw": "is", "value": ["a"], "hidden": True}
    change(content["challenges"][0])
    findings = lint(load(placed(tmp_path, content)), {"hash", "random_bytes", "commit_hash", "open_hash"})
    assert [f for f in findings if (f.level, f.pointer) == (level, pointer) and part in f.message], findings


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("My number [{{my.ref_tomasz}}].", "Lena has no value 'ref_tomasz'"),
        ("I heard [{{heard.Marek.note}}].", "'Marek' is not a participant"),
        ("I heard [{{heard.Lena.note}}].", "nobody hears itself"),
        ("Let us use a commitment scheme.", "textbook name 'commitment scheme'"),
        ({"calls": [{"op": "no_such_op"}]}, "no op 'no_such_op'"),
    ],
)
def test_lint_names_what_is_wrong_with_a_play(tmp_path: Path, line: Any, part: str) -> None:
    play = {"format": 1, "challenge": TOSS, "turns": {"Lena": [line], "Tomasz": ["Hello."]}}
    findings = lint(load(placed(tmp_path, one_challenge(), play)), {"hash"})
    found = [f for f in findings if f.file == f"reference_plays/{TOSS}.json"]
    assert [(f.level, f.pointer) for f in found] == [("error", "/turns/Lena/0")] and part in found[0].message


def test_lint_wants_messages_for_every_role_and_for_no_other(tmp_path: Path) -> None:
    play = {"format": 1, "turns": {"Lena": ["Hello."], "Marek": ["Hello."]}}
    findings = lint(load(placed(tmp_path, one_challenge(), play)), None)
    assert {(f.pointer, f.message.partition(":")[0]) for f in findings if "plays" in f.file} == {
        ("/turns", "the role 'Tomasz' has no messages"),
        ("/turns/Marek", "is not a participant; these are Lena, Tomasz"),
    }


# --- notes on families


def with_notes(folder: Path, *families: str) -> Path:
    """The set of one challenge in a folder next to one of notes."""
    (folder / "crypto-knowledge").mkdir()
    for family in families:
        (folder / "crypto-knowledge" / f"{family}.md").write_text("# A note\n", encoding="utf-8")
    (folder / "crypto-challenges").mkdir()
    return placed(folder / "crypto-challenges", one_challenge())


def test_a_family_has_a_note_that_is_linked_for_people_and_not_told_to_players(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_notes(tmp_path, "coin_toss")
    assert not [f for f in lint(load(path), None) if "note" in f.message]
    page = markdown(load(path))
    assert page.count("[coin_toss](../crypto-knowledge/coin_toss.md)") == 2, "in the table and in the chapter"
    assert main(["challenges", "show", TOSS, "--challenges", str(path)]) == 0
    players, _, people = capsys.readouterr().out.partition(f"===== for people: {TOSS} =====")
    assert f"note: {tmp_path}/crypto-knowledge/coin_toss.md" in people and "coin_toss" not in players
    assert main(["challenges", "show", TOSS, "--challenges", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"].endswith("crypto-knowledge/coin_toss.md")


def test_a_family_without_a_note_is_an_error_and_no_dead_link(tmp_path: Path) -> None:
    path = with_notes(tmp_path, "another_family")
    found = [(f.level, f.pointer) for f in lint(load(path), None) if "has no note" in f.message]
    assert found == [("error", "/challenges/0/primitive_family")]
    assert "crypto-knowledge" not in markdown(load(path))


def test_a_set_without_any_notes_beside_it_wants_none(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    assert not [f for f in lint(load(placed(tmp_path / "deep", one_challenge())), None) if "note" in f.message]


# --- the balance of the whole set


def test_lint_says_with_figures_what_the_whole_set_is_short_of(tmp_path: Path) -> None:
    path = placed(tmp_path, one_challenge())
    found = [f.message for f in lint(load(path), None) if f.pointer == "/challenges"]
    assert [f.level for f in lint(load(path), None) if f.pointer == "/challenges"] == ["warning"] * len(found)
    assert {f"{name}: {have}, wanted {want} or more" for name, have, want in [
        ("challenges", 1, 72), ("families", 1, 24), ("heldout challenges", 0, 24), ("families only held out", 0, 6),
        ("with 3+ roles", 0, 10)]} <= set(found)  # fmt: skip


def test_difficulties_are_wanted_about_one_to_one_to_one(tmp_path: Path) -> None:
    def said(*many: int) -> list[str]:
        content = one_challenge()
        (first,) = content["challenges"]
        names = [
            name for name, count in zip(("Basic", "Intermediate", "Advanced"), many, strict=True) for _ in range(count)
        ]
        content["challenges"] = [first | {"id": f"c-{i}", "difficulty": name} for i, name in enumerate(names)]
        path = tmp_path / "set.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return [f.message for f in lint(load(path), None) if f.message.startswith("difficulty")]

    assert said(24, 24, 24) == said(22, 26, 24) == []
    assert said(34, 19, 19) == ["difficulty Basic: 34 of 72, wanted about 24 (1:1:1)"]
    assert said(40, 24, 8) == [
        "difficulty Basic: 40 of 72, wanted about 24 (1:1:1)", "difficulty Advanced: 8 of 72, wanted about 24 (1:1:1)",
    ]  # fmt: skip


# --- plays


def test_lint_warns_of_a_play_without_the_canary(tmp_path: Path) -> None:
    path = placed(tmp_path, one_challenge())
    play = tmp_path / "reference_plays" / f"{TOSS}.json"
    content = json.loads(play.read_text(encoding="utf-8"))
    assert not [f for f in lint(load(path), None) if f.pointer == "/canary"]
    del content["canary"]
    play.write_text(json.dumps(content), encoding="utf-8")
    assert [f.level for f in lint(load(path), None) if f.pointer == "/canary"] == ["warning"]


def test_lint_prints_findings_and_fails_for_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = placed(tmp_path, one_challenge())
    assert main(["challenges", "lint", "--challenges", str(path)]) == 0
    assert "1 challenges, 0 errors, " in capsys.readouterr().out
    content = one_challenge()
    del content["challenges"][0]["reference_play"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["challenges", "lint", "--challenges", str(path), "--json"]) == 1
    assert [f["level"] for f in json.loads(capsys.readouterr().out)].count("error") == 1


def test_lint_tells_all_faults_of_a_broken_set_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = one_challenge()
    challenge = content["challenges"][0]
    challenge["name"], challenge["unheard_of"] = "", 1
    del challenge["difficulty"]
    path = placed(tmp_path, content)
    assert main(["challenges", "lint", "--challenges", str(path)]) == 1
    said = capsys.readouterr().out
    for pointer in ("/challenges/0/name", "/challenges/0/unheard_of", "/challenges/0/difficulty"):
        assert pointer in said
    assert said.rstrip().endswith("no sound challenge set, 3 errors, 0 warnings")
    assert main(["challenges", "lint", "--challenges", str(path), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_lint_of_a_file_that_is_no_json_exits_1_and_of_none_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "torn.json"
    path.write_text('{"format": 2, ', encoding="utf-8")
    assert main(["challenges", "lint", "--challenges", str(path)]) == 1
    assert "is not JSON" in capsys.readouterr().out
    assert main(["challenges", "lint", "--challenges", str(tmp_path / "none.json")]) == 2
    assert main(["challenges", "lint", "--challenges", str(tmp_path)]) == 2


@pytest.mark.parametrize("word", ["-1", "9223372036854775808", "one"])
@pytest.mark.parametrize("command", ["show", "play"])
def test_a_seed_that_no_run_takes_is_refused(command: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", command, TOSS, "--seed", word]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "--seed" in said.err and word in said.err


def test_an_id_that_is_in_no_set_is_told_as_it_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "show", TOSS[:-1]]) == 2
    assert f'ID: "{TOSS[:-1]}" is not in' in (said := capsys.readouterr().err) and f'did you mean "{TOSS}"' in said
