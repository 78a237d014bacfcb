"""Replay plays a run again without network and calculator; cross-play and selection say who plays what."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import (
    LOCAL,
    NO_TOOLS,
    ROOT,
    Ended,
    Table,
    arena,
    challenge,
    local_environ,
    split_size,
    verdict,
)
from tests.support.http_server import ModelServer


def played(ended: Ended) -> list[dict[str, Any]]:
    """Return the records without what names the players and the chain."""
    return [{name: value for name, value in record.items() if name not in ("cell", "cast", "prev")} for record in
            ended.records()]  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Ended:
    folder = tmp_path_factory.mktemp("recorded")
    words = ("--limit", "3", "--repetitions", "2", "--participant-model", "mock/careless", "--max-turns", "8")
    ended = arena(*words, "--out", str(folder / "run"))
    assert ended.code == 0 and ended.calls("tool")
    return ended


REPLAYED = ("--limit", "3", "--repetitions", "2", "--max-turns", "8")


def replay(recorded: Ended, tmp_path: Path, *words: str) -> Ended:
    model = f"replay/{recorded.folder}"
    return arena(
        *REPLAYED, "--participant-model", model, "--judge-model", model, *NO_TOOLS, "--out", str(tmp_path / "again"),
        *words,
    )  # fmt: skip


def test_a_replay_reproduces_transcripts_tool_calls_and_scores_without_a_calculator(
    recorded: Ended, tmp_path: Path
) -> None:
    again = replay(recorded, tmp_path)
    assert again.code == 0, again.err
    assert played(again) == played(recorded)
    assert [line["answer"] for line in again.calls("tool")], "tool answers come from the recording too"
    for name in ("outcomes", "mean_scores", "success_rate", "usage"):
        assert again.json("summary.json")[name] == recorded.json("summary.json")[name]


def test_a_run_against_http_is_replayed_when_the_server_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--limit", "2", "--max-turns", "3", *NO_TOOLS)
    with ModelServer() as server:
        for name, value in local_environ(server).items():
            monkeypatch.setenv(name, value)
        first = arena(*LOCAL, *words, "--out", str(tmp_path / "run"))
    for name in local_environ(server):
        monkeypatch.delenv(name)
    model = f"replay/{tmp_path / 'run'}"
    again = arena("--participant-model", model, "--judge-model", model, *words, "--out", str(tmp_path / "again"))
    assert again.code == 0 and played(again) == played(first)
    assert again.json("summary.json")["cost_usd"]["unpriced"] == []


def test_a_replay_can_be_judged_again(recorded: Ended, tmp_path: Path) -> None:
    again = arena(
        *REPLAYED, "--participant-model", f"replay/{recorded.folder}", "--judge-model", "mock/judge", *NO_TOOLS,
        "--out", str(tmp_path / "again"),
    )  # fmt: skip
    assert again.code == 0
    assert [r["transcript"] for r in again.records()] == [r["transcript"] for r in recorded.records()]


def test_a_recording_can_be_moved(recorded: Ended, tmp_path: Path) -> None:
    assert recorded.folder is not None
    shutil.copytree(recorded.folder, tmp_path / "moved")
    moved = Ended(0, "", "", tmp_path / "moved")
    assert played(replay(moved, tmp_path)) == played(recorded)


def test_what_was_not_recorded_is_an_error_and_never_a_score(recorded: Ended, tmp_path: Path) -> None:
    missed = replay(recorded, tmp_path, "--repetitions", "3", "--continue-on-error")
    assert missed.code == 1
    by_rep = {(record["unit"], record["plan"]["rep"]): record for record in missed.records()}
    for (_, rep), record in by_rep.items():
        assert record["status"] == ("error" if rep == 2 else "done")
    lost = next(record for (_, rep), record in by_rep.items() if rep == 2)
    assert "replay: run holds no model call" in lost["detail"] and lost["outcome"] is None
    assert missed.json("summary.json")["scored"] == 6


def test_a_replay_under_another_prompt_is_a_miss_and_not_the_old_answer(recorded: Ended, tmp_path: Path) -> None:
    missed = replay(recorded, tmp_path, "--max-turns", "7", "--continue-on-error")
    assert missed.code == 1 and {record["status"] for record in missed.records()} == {"error"}


def test_a_judge_with_tools_is_replayed_with_what_it_computed(tmp_path: Path, calculator_binary: Path) -> None:
    table = Table(tmp_path)
    judge = [{"calls": [{"op": "random_bytes", "args": {"len": 16}}]}, verdict(4)]
    words = ("--judge-tools", "--max-turns", "1")
    first = table.play(*words, "--calculator-provider", "process", turns={"Ana": ["Hello."]}, judge=judge)
    assert first.code == 0 and first.records()[0]["judging"]["calls"][0]["answer"]["ok"]
    model = f"replay/{first.folder}"
    again = table.play(*words, "--participant-model", model, "--judge-model", model, out="again")
    assert again.code == 0 and played(again) == played(first)


def test_players_can_be_replayed_before_a_new_judge_with_tools(
    recorded: Ended, tmp_path: Path, calculator_binary: Path
) -> None:
    again = arena(
        *REPLAYED, "--participant-model", f"replay/{recorded.folder}", "--judge-model", "mock/judge", "--judge-tools",
        "--out", str(tmp_path / "again"),
    )  # fmt: skip
    assert again.code == 0
    assert [r["transcript"] for r in again.records()] == [r["transcript"] for r in recorded.records()]


ODD = ("Käufer=1", "a role with blanks", "買い手", "Seller")


def test_role_model_gives_single_roles_their_own_model_whatever_the_role_is_called(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1", ODD)])
    words = [f"--role-model={role}=mock/talker" for role in ODD[:3]]
    ended = table.play(*words, "--max-turns", "4")
    assert ended.code == 0, ended.err
    asked = {line["seat"]: line["provider"] for line in ended.calls("model")}
    assert asked == {**dict.fromkeys(ODD[:3], "mock/talker"), "Seller": "mock/careful"}
    assert ended.json("manifest.json")["identity"]["models"]["roles"] == dict.fromkeys(ODD[:3], "mock/talker")
    assert ended.json("matches/c1/rep_0/match.json")["models"] == asked
    assert ended.records()[0]["cell"]["roles"] == ", ".join(f"{role}={asked[role]}" for role in ODD)
    assert "買い手=mock/talker" in ended.out


def test_cross_play_meets_two_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer() as one, ModelServer(key="another-key-000") as two:
        for name, value in local_environ(one).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GROQ_BASE_URL", two.url)
        monkeypatch.setenv("GROQ_API_KEY", "another-key-000")
        table = Table(tmp_path)
        ended = table.play(
            "--participant-model", "local/a", "--role-model", "Bo=groq/vendor/b", "--judge-model", "local/judge",
            "--max-turns", "4",
        )  # fmt: skip
    assert ended.code == 0, ended.err
    assert [seen.payload["model"] for seen in two.seen] == ["vendor/b"] * 2
    assert sorted(seen.payload["model"] for seen in one.seen) == ["a", "a", "judge"]


def test_challenges_are_chosen_by_id_split_and_limit_in_the_files_order(tmp_path: Path) -> None:
    def chosen(*words: str) -> list[str]:
        ended = arena(*words, *NO_TOOLS, "--max-turns", "2", "--out", str(tmp_path / "-".join(words)))
        assert ended.code == 0, ended.err
        return [record["unit"] for record in ended.records()]

    assert chosen("--challenge-ids", "salon-tips,workshop-approval") == ["workshop-approval", "salon-tips"]
    assert chosen("--challenge-split", "heldout_eval", "--limit", "2") == [
        "words-about-a-boiler",
        "drawing-the-allotments",
    ]
    assert len(chosen("--challenge-split", "train")) == split_size("train")


def test_repetitions_and_epochs_are_the_same_and_repeat_every_challenge(tmp_path: Path) -> None:
    words = ("--limit", "2", *NO_TOOLS, "--max-turns", "2")
    first = arena(*words, "--repetitions", "2", "--out", str(tmp_path / "a"))
    second = arena(*words, "--epochs", "2", "--out", str(tmp_path / "b"))
    assert first.records() == second.records()
    assert [record["plan"]["rep"] for record in first.records()] == [0, 0, 1, 1]
    assert len({record["seed"] for record in first.records()}) == 4


def test_the_seed_changes_what_mocks_play_and_nothing_else_does(tmp_path: Path, calculator_binary: Path) -> None:
    def play(name: str, *words: str) -> list[Any]:
        ended = arena("--limit", "2", *words, "--out", str(tmp_path / name))
        return [record["transcript"] for record in ended.records()]

    assert play("a") == play("b", "--seed", "0", "--workers", "1") != play("c", "--seed", "1")


def test_a_v1_file_plays_unchanged(tmp_path: Path) -> None:
    file = ROOT / "tests" / "data" / "challenges" / "valid" / "v1_object.json"
    ended = arena("--challenges", str(file), *NO_TOOLS, "--max-turns", "2", "--out", str(tmp_path / "run"))
    assert ended.code == 0, ended.err
    assert ended.records() and "split" not in ended.records()[0]["cell"]


def test_a_changed_identity_is_refused_on_resume_and_the_difference_printed(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1")])
    assert table.play("--max-turns", "2").code == 0
    before = (tmp_path / "run" / "matches.jsonl").read_bytes()
    changes: dict[tuple[str, ...], str] = {
        ("--max-turns", "3"): "you changed --max-turns: was 2, now 3",
        ("--max-turns", "2", "--seed", "5"): "you changed --seed: was 0, now 5",
        (
            "--max-turns",
            "2",
            "--participant-model",
            "mock/careless",
        ): "you changed --participant-model: was mock/careful, now mock/careless",
    }
    for words, says in changes.items():
        refused = table.play(*words, "--resume")
        assert refused.code == 2 and says in refused.err
    table.challenges = [challenge("c1", name="Another title")]
    refused = table.play("--max-turns", "2", "--resume")
    assert refused.code == 2 and "its content was changed" in refused.err
    assert (tmp_path / "run" / "matches.jsonl").read_bytes() == before
    table.challenges = [challenge("c1")]
    assert table.play("--max-turns", "2", "--resume", "--workers", "2", "--timeout", "5").code == 0, "operation may"


def test_a_script_that_was_changed_is_another_run(tmp_path: Path) -> None:
    table = Table(tmp_path)
    short = table.play("--max-turns", "3", turns={"Ana": ["One."], "Bo": ["Two."]}, judge=[verdict(4)])
    assert short.code == 1 and "needs message 2" in short.records()[0]["detail"]
    longer = {"Ana": ["One.", "Three."], "Bo": ["Two."]}
    refused = table.play("--max-turns", "3", "--resume", turns=longer, judge=[verdict(4)])
    assert refused.code == 2 and "the file of scripted/" in refused.err and "was changed" in refused.err
    whole = table.play("--max-turns", "3", out="whole", turns=longer, judge=[verdict(4)])
    assert [entry["text"] for entry in whole.records()[0]["transcript"]] == ["One.", "Two.", "Three."]


def test_a_replay_sends_no_tool_description_that_the_manifest_does_not_name(recorded: Ended, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(str(recorded.folder), tmp_path / "received"))
    (copy / "inputs/tools.txt").write_text("root:x:0:0")
    ended = replay(Ended(0, "", "", copy), tmp_path)
    assert ended.code == 2 and "inputs/tools.txt: is not the text that the manifest names" in ended.err
    assert "sent to no model" in ended.err and not (tmp_path / "again").exists()


def test_a_replay_sends_no_local_file_behind_a_link(recorded: Ended, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(str(recorded.folder), tmp_path / "received"))
    (copy / "inputs/tools.txt").unlink()
    (copy / "inputs/tools.txt").symlink_to("/etc/passwd")
    ended = replay(Ended(0, "", "", copy), tmp_path)
    assert ended.code == 2 and "inputs/tools.txt: is a symbolic link" in ended.err
    assert "root:" not in ended.text and not (tmp_path / "again").exists()
