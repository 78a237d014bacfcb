"""Shards of one run, merged: the run as if it had never been divided."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.cli import entry
from arena.engine import build
from arena.store.parts import make_parts
from arena.store.resume_index import INDEX_FILE
from tests.support.arena_rig import CLOCKED, Ended, results
from tests.support.toy.run import REGISTRY_ROWS, toy

SHARDS = 4
PLAY = ("--repetitions", "2")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an undivided run, `whole`, and its shards, `part-0` and so on. Not to be changed."""
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(build.FAMILIES, "toy", REGISTRY_ROWS["toy"])  # type: ignore[arg-type]
        assert toy(*PLAY, "--out", str(folder / "whole")).code == 0
        for n in range(SHARDS):
            ended = toy(*PLAY, "--shard", f"{n}/{SHARDS}", "--out", str(folder / f"part-{n}"))
            assert ended.code == 0, ended.text
    return folder


@pytest.fixture
def runs(played: Path, tmp_path: Path) -> Path:
    """A copy of `played` that may be changed."""
    return Path(shutil.copytree(played, tmp_path / "runs"))


def arena(capsys: pytest.CaptureFixture[str], *words: object) -> Ended:
    code = entry.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return Ended(code, out, err, None)


def parts(folder: Path, *numbers: int) -> list[Path]:
    return [folder / f"part-{n}" for n in numbers or range(SHARDS)]


def manifest(run: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((run / "manifest.json").read_bytes())
    return found


def count(run: Path, name: str = "matches.jsonl") -> int:
    path = run / name
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def test_merged_shards_equal_the_undivided_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arena(capsys, "merge", runs / "merged", *parts(runs)).code == 0
    assert results(runs / "merged") == results(runs / "whole")
    assert {path.name for path in (runs / "merged").iterdir()} >= CLOCKED - {INDEX_FILE}
    for name in ("api_calls.jsonl", "timings.jsonl"):
        assert count(runs / "merged", name) == sum(count(part, name) for part in parts(runs))
    assert len(manifest(runs / "merged")["sessions"]) == SHARDS  # type: ignore[arg-type]


def test_shard_and_merged_run_verify(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "merged", *parts(runs))
    for run in (runs / "merged", *parts(runs)):
        ended = arena(capsys, "verify", run, "--calculator-provider", "none")
        assert ended.code == 0, ended.text
    assert f"this is shard {SHARDS - 1}/{SHARDS}" in ended.out


def test_merging_again_and_in_any_order_changes_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "one", *parts(runs))
    before = {path: path.read_bytes() for path in (runs / "one").rglob("*") if path.is_file()}
    assert arena(capsys, "merge", runs / "one", *parts(runs, 2, 1)).code == 0
    assert {path: path.read_bytes() for path in (runs / "one").rglob("*") if path.is_file()} == before
    arena(capsys, "merge", runs / "two", *reversed(parts(runs)))
    for path, data in before.items():
        assert (runs / "two" / path.relative_to(runs / "one")).read_bytes() == data


def test_missing_shards_are_named_and_can_come_later(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = arena(capsys, "merge", runs / "merged", *parts(runs, 0, 2))
    assert ended.code == 1 and f"shards 1/{SHARDS}, 3/{SHARDS}" in ended.err
    assert arena(capsys, "verify", runs / "merged", "--calculator-provider", "none").code == 0
    assert arena(capsys, "merge", runs / "merged", *parts(runs, 1, 3)).code == 0
    assert results(runs / "merged") == results(runs / "whole")


def test_what_is_missing_can_be_played_in_the_merged_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "merged", *parts(runs, 0, 2))
    assert toy(*PLAY, "--out", str(runs / "merged"), "--resume").code == 0
    assert results(runs / "merged") == results(runs / "whole")


def test_trials_of_a_shard_that_was_stopped_are_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(runs / "part-1")
    stopped = toy(*PLAY, "--shard", f"1/{SHARDS}", "--max-calls", "8", "--out", str(runs / "part-1"))
    assert "its part of the limits: 2 calls" in stopped.err
    ended = arena(capsys, "merge", runs / "merged", *parts(runs), "--json")
    assert ended.code == 1 and json.loads(ended.out)["missing"] and not json.loads(ended.out)["missing_shards"]
    assert toy(*PLAY, "--shard", f"1/{SHARDS}", "--out", str(runs / "part-1"), "--resume").code == 0
    assert arena(capsys, "merge", runs / "merged", runs / "part-1").code == 0
    assert results(runs / "merged") == results(runs / "whole")


def test_older_copy_of_a_shard_adds_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = runs / "old"
    assert toy(*PLAY, "--shard", f"1/{SHARDS}", "--max-calls", "8", "--out", str(old)).code == 0
    new = Path(shutil.copytree(old, runs / "new"))
    assert toy(*PLAY, "--shard", f"1/{SHARDS}", "--out", str(new), "--resume").code == 0
    assert arena(capsys, "merge", runs / "merged", old, new, *parts(runs, 0, 2, 3)).code == 0
    assert results(runs / "merged") == results(runs / "whole")
    assert count(runs / "merged", "api_calls.jsonl") == sum(
        count(one, "api_calls.jsonl") for one in (new, *parts(runs, 0, 2, 3))
    )


def test_shard_that_was_played_twice_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = runs / "again"
    assert toy(*PLAY, "--shard", f"0/{SHARDS}", "--out", str(again)).code == 0
    ended = arena(capsys, "merge", runs / "merged", *parts(runs), again)
    assert ended.code == 2 and "leave one of the two runs out" in ended.err


def test_run_of_another_plan_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert toy("--repetitions", "1", "--shard", f"0/{SHARDS}", "--out", str(runs / "other")).code == 0
    ended = arena(capsys, "merge", runs / "merged", runs / "part-1", runs / "other")
    assert ended.code == 2 and "/settings/repetitions" in ended.err and not (runs / "merged").exists()


def test_folder_with_other_files_is_not_merged_into(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = arena(capsys, "merge", runs, *parts(runs))
    assert ended.code == 2 and "is not empty and not a run directory" in ended.err


def relabel(run: Path, shard: str | None, sessions: str | None) -> None:
    """Let a run say that it is another shard than it played."""
    changed = manifest(run)
    changed["operation"]["shard"] = shard  # type: ignore[index]
    for session in changed["sessions"]:  # type: ignore[attr-defined]
        session["operation"]["shard"] = sessions
    (run / "manifest.json").write_text(json.dumps(changed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("shard", "sessions", "said"),
    [
        ("2/4", "2/4", "but this run says that it is shard 2/4"),
        ("1/3", "1/3", "holds shard 1/3 and"),
        ("1/8", "1/8", "the plan was divided in two ways"),
        ("1/4", "2/4", "/sessions/0/operation/shard: is 2/4, but /operation/shard is 1/4"),
        ("1/4", None, "/sessions/0/operation/shard: is None, but /operation/shard is 1/4"),
        ("4/4", "4/4", "which is not a shard"),
        ("1/4", "one of four", "which is not a shard"),
        (None, "1/3", "holds shard 1/3 and"),
    ],
)
def test_run_whose_shard_contradicts_itself_or_others_is_refused(
    shard: str | None, sessions: str | None, said: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relabel(runs / "part-1", shard, sessions)
    ended = arena(capsys, "merge", runs / "merged", *parts(runs))
    assert ended.code == 2 and said in ended.err and not (runs / "merged").exists()


def test_whole_run_that_says_it_is_a_shard_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    relabel(runs / "whole", f"0/{SHARDS}", f"0/{SHARDS}")
    ended = arena(capsys, "merge", runs / "merged", runs / "whole", *parts(runs))
    assert ended.code == 2 and f"says that it is shard 0/{SHARDS}" in ended.err and not (runs / "merged").exists()


def test_run_that_is_named_twice_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "link").symlink_to("part-0")
    for again in (runs / "part-0", runs / "link", runs / "part-1/../part-0"):
        ended = arena(capsys, "merge", runs / "merged", *parts(runs), again)
        assert ended.code == 2 and "are the same directory: name it once" in ended.err
    assert not (runs / "merged").exists()


def test_copy_of_a_shard_under_another_name_adds_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(runs / "part-0", runs / "copy")
    assert arena(capsys, "merge", runs / "merged", *parts(runs), runs / "copy").code == 0
    assert results(runs / "merged") == results(runs / "whole")


def test_target_that_is_a_run_or_within_one_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    (runs / "link").symlink_to("part-1")
    for target, said in (
        (runs / "part-1", "is the target of the merge"),
        (runs / "link", "is the target of the merge"),
        (runs / "part-1/merged", "is inside the run"),
        (runs / "link/deep/merged", "is inside the run"),
    ):
        ended = arena(capsys, "merge", target, *parts(runs))
        assert ended.code == 2 and said in ended.err
    (runs / "link").unlink()
    assert {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()} == before


def test_run_inside_the_target_is_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "merged", *parts(runs, 0, 1))
    shutil.copytree(runs / "part-2", runs / "merged/part-2")
    ended = arena(capsys, "merge", runs / "merged", runs / "merged/part-2", runs / "part-3")
    assert ended.code == 2 and "is inside the target" in ended.err


def test_run_whose_processes_were_killed_is_to_be_resumed_first(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "merged", *parts(runs, 0, 1))
    for killed, words in (("merged", parts(runs, 2, 3)), ("part-2", parts(runs, 2))):
        (folder,) = make_parts(runs / killed, 1)
        ended = arena(capsys, "merge", runs / "merged", *words)
        assert ended.code == 2 and "are still in processes/: resume it first, then merge" in ended.err
        shutil.rmtree(folder.parent)


def test_forgotten_target_does_not_turn_a_shard_into_a_merge(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = manifest(runs / "part-0")
    ended = arena(capsys, "merge", *parts(runs))
    assert ended.code == 2 and f"is itself shard 0/{SHARDS}" in ended.err and "arena merge OUT RUN..." in ended.err
    assert manifest(runs / "part-0") == before and count(runs / "part-0") < count(runs / "whole")


def test_empty_shard_is_a_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = [n for n in range(500) if _empty(tmp_path, n)][:1]
    ended = toy("--shard", f"{empty[0]}/500", "--out", str(tmp_path / "empty"))
    assert ended.code == 0 and f"is in shard {empty[0]}/500" in ended.err
    assert arena(capsys, "verify", tmp_path / "empty", "--calculator-provider", "none").code == 0


def _empty(folder: Path, number: int) -> bool:
    return number < 9 and "0 of" in toy("--shard", f"{number}/500", "--out", str(folder / f"s{number}")).err


def test_resume_of_another_shard_is_refused(runs: Path) -> None:
    for given in (("--shard", f"1/{SHARDS}"), ()):
        ended = toy(*PLAY, *given, "--out", str(runs / "part-0"), "--resume")
        assert ended.code == 2 and f"holds shard 0/{SHARDS}" in ended.err
    ended = toy(*PLAY, "--shard", f"0/{SHARDS}", "--out", str(runs / "whole"), "--resume")
    assert ended.code == 2 and "holds the whole run" in ended.err


def test_shard_auto_is_said_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    monkeypatch.setenv("ARENA_SHARD_COUNT", "4")
    ended = toy("--shard", "auto", "--out", str(tmp_path / "run"))
    assert "--shard auto: shard 1/4 (JOB_COMPLETION_INDEX=1, ARENA_SHARD_COUNT=4)" in ended.err
    assert manifest(tmp_path / "run")["operation"]["shard"] == "1/4"  # type: ignore[index]


def test_record_of_another_shard_fails_verification(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = manifest(runs / "whole")
    whole["operation"]["shard"] = f"0/{SHARDS}"  # type: ignore[index]
    (runs / "whole" / "manifest.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    ended = arena(capsys, "verify", runs / "whole", "--calculator-provider", "none")
    assert ended.code == 1 and "belongs to another shard" in ended.out


def test_merge_writes_nothing_of_what_it_reads(runs: Path, played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena(capsys, "merge", runs / "merged", *parts(runs))
    for part in parts(runs):
        for path in part.rglob("*"):
            assert path.is_dir() or path.read_bytes() == (played / path.relative_to(runs)).read_bytes()
