"""`arena verify`: a finished run holds and is not changed; one changed byte in any file is told with the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.store import digests
from tests.support.arena_rig import NO_TOOLS, ROOT, process
from tests.support.made_manifest import digest_of
from tests.support.verify_rig import (
    changed,
    edit_json,
    edit_lines,
    files,
    launder,
    tamper_answer,
    told,
    verify,
)

DOC = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def test_a_finished_run_holds_and_is_not_changed(finished_run: Path) -> None:
    before = content(finished_run)
    ended = verify(finished_run)
    assert ended.code == 0, ended.text
    calls = [line for line in (finished_run / "api_calls.jsonl").read_bytes().splitlines() if b'"kind":"tool"' in line]
    assert f"{len(calls)} tool calls: {len(calls)} computed again byte for byte" in ended.out
    assert "everything holds" in ended.out and "integrity, not authorship" in ended.out
    assert content(finished_run) == before


def test_each_match_has_its_ledger(finished_run: Path) -> None:
    found = json.loads(verify(finished_run, "--json").out)
    assert found["holds"] and found["problems"] == [] and found["records"] == 4 and len(found["matches"]) == 4
    for match in found["matches"]:
        assert set(match["ledger"]["claims"]) == {"computed", "copied", "asserted", "wrong"}
        line = next(line for line in verify(finished_run).out.splitlines() if line.startswith(match["key"]))
        assert line.split() == [
            match["key"], "done", *(str(n) for n in match["ledger"]["claims"].values()), str(match["calls_checked"]),
        ]  # fmt: skip
    assert sum(m["calls_checked"] for m in found["matches"]) == found["calls"]["executed"] > 10


READ = ("manifest.json", "matches.jsonl", "api_calls.jsonl", "digests.json")
"""What verification reads piece by piece. Of every other file one digest covers all bytes: few places show it."""


def flips(data: bytes, places: int) -> list[int]:
    """Places in a file: the middle; of two and more the first, the last, and others between them at equal distances."""
    if places == 1:
        return [len(data) // 2] if data else []
    return sorted({round(i * (len(data) - 1) / (places - 1)) for i in range(places)}) if data else []


def caught(folder: Path, places: int, of_others: int) -> int:
    """Flip one bit at `places` places of each file of READ and at `of_others` of every other, one after the other;
    return how many flips that were, all told."""
    count = 0
    for name in files(folder):
        data = (folder / name).read_bytes()
        for place in flips(data, places if name in READ else of_others):
            with changed(folder / name, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]):
                ended = verify(folder)
            assert ended.code in (1, 2) and name.rpartition("/")[2] in ended.text, (name, place, ended.text)
            assert ended.code == 1 or name in ("manifest.json", "matches.jsonl", "api_calls.jsonl")
            count += 1
    assert verify(folder).code == 0
    return count


def test_one_flipped_bit_in_any_file_is_told_with_the_file(copied_run: Path) -> None:
    assert set(READ) < set(files(copied_run))
    assert caught(copied_run, 3, 1) >= 3 * len(READ) + len(files(copied_run)) - len(READ) - 1


@pytest.mark.long
def test_one_flipped_bit_anywhere_in_any_file_is_told(copied_run: Path) -> None:
    assert caught(copied_run, 60, 3) >= 60 * len(READ) + 3 * (len(files(copied_run)) - len(READ) - 1)


def test_a_file_removed_is_told(copied_run: Path) -> None:
    for name in files(copied_run):
        if name == "manifest.json":
            continue
        data = (copied_run / name).read_bytes()
        (copied_run / name).unlink()
        ended = verify(copied_run)
        assert ended.code == 1 and any(line.startswith(name) for line in told(ended)), ended.text
        (copied_run / name).write_bytes(data)


def test_a_file_added_or_emptied_is_told(copied_run: Path) -> None:
    (copied_run / "matches/c/rep_0").mkdir(parents=True)
    (copied_run / "matches/c/rep_0/match.json").write_text("{}")
    (copied_run / "role_views" / next((copied_run / "role_views").iterdir()).name).write_bytes(b"")
    ended = verify(copied_run)
    assert ended.code == 1
    assert "matches/c/rep_0/match.json: is not in digests.json" in ended.out
    assert "matches/c/rep_0/match.json: belongs to no record" in ended.out
    assert "role_views/" in ended.out


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl", "timings.jsonl", "matches_scores.csv"])
def test_two_lines_swapped_are_told(name: str, copied_run: Path) -> None:
    first, second, *rest = (copied_run / name).read_bytes().splitlines(keepends=True)
    (copied_run / name).write_bytes(b"".join([second, first, *rest]))
    ended = verify(copied_run)
    assert ended.code == 1 and any(line.startswith(name) for line in told(ended))


def test_several_problems_are_told_at_once_and_their_list_is_bounded(copied_run: Path) -> None:
    edit_lines(copied_run / "api_calls.jsonl", lambda line: line.update(kind="rumour"))
    (copied_run / "api_calls.jsonl").write_bytes((copied_run / "api_calls.jsonl").read_bytes() * 3)
    (copied_run / "summary.json").write_text("{}")
    ended = verify(copied_run)
    problems = told(ended)
    assert ended.code == 2 and problems[-1].startswith("... and ") and 90 < len(problems) <= 101
    assert any(line.startswith("summary.json") for line in problems) and "rumour" in ended.out
    found = json.loads(verify(copied_run, "--json").out)
    assert len(found["problems"]) == 100 and found["problems_not_listed"] > 0


@pytest.mark.parametrize("argument", ["nowhere", "."])
def test_what_is_no_run_ends_with_2(argument: str, tmp_path: Path) -> None:
    ended = verify(tmp_path / argument)
    assert ended.code == 2 and "is not a run directory" in ended.err


def test_verify_names_what_is_missing_and_has_a_help_text(tmp_path: Path) -> None:
    assert process(door=("-m", "arena", "verify")).code == 2
    shown = process("--help", door=("-m", "arena", "verify"))
    assert shown.code == 0 and "RUN" in shown.out and "--calculator-provider" in shown.out
    assert "--workers" not in shown.out


def test_without_a_calculator_the_calls_are_counted_as_unchecked(finished_run: Path, copied_run: Path) -> None:
    found = json.loads(verify(finished_run, *NO_TOOLS, "--json").out)
    assert found["holds"] and found["calls"]["executed"] == 0
    assert sum(found["calls"]["unchecked"].values()) == found["calls"]["tool"] > 0
    assert "none" in found["calls"]["why_unchecked"]["commit_hash"]
    assert verify(finished_run, "--calculator-provider", "oneshot").code == 0
    refused = verify(finished_run, "--calculator-provider", "lambda")
    assert refused.code == 2 and "process, oneshot, none" in refused.err
    tamper_answer(copied_run)
    launder(copied_run)
    assert verify(copied_run, *NO_TOOLS).code == 1, "the record does not follow from the tampered answer"


def test_another_version_of_the_calculator_is_said(copied_run: Path) -> None:
    def other(manifest: Any) -> None:
        manifest["identity"]["calculator"].update(catalogue="0" * 16)
        manifest["identity"].update(sha256=digest_of(manifest["identity"]))

    edit_json(copied_run / "manifest.json", other)
    assert "the run's calculator is not the one here (catalogue 0000000000000000" in verify(copied_run).out


def test_the_document_names_every_step_and_the_limits() -> None:
    for word in ("digests.json", "hash chain", "unchecked", "authorship", "--calculator-provider none", "exit code"):
        assert word in DOC, word


def test_the_kept_example_is_as_it_was_left() -> None:
    assert digests.check(ROOT / "state" / "examples" / "mock-three") == []
