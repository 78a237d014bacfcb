"""digests.json: written at a run's end, renewed by who adds files, and no changed byte escapes it."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from arena.errors import DataError, UsageError
from arena.store import digests
from arena.store.files import temporary_name
from tests.support.arena_rig import NO_TOOLS, Table, arena


def folder_of(tmp_path: Path, **files: str) -> Path:
    run = tmp_path / "run"
    for name, text in {"b.txt": "two", "a/z.txt": "one", "a-b.txt": "three", **files}.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text, encoding="utf-8")
    digests.write(run)
    return run


def told(run: Path) -> list[str]:
    return [f"{issue.file} {issue.message}" for issue in digests.check(run)]


def test_a_finished_run_has_a_list_of_all_its_files(tmp_path: Path) -> None:
    table = Table(tmp_path)
    assert table.play().code == 0
    run = tmp_path / "run"
    files = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    listed = digests.read(run)
    assert set(listed) == files - {"digests.json"}
    assert listed["summary.json"].size == (run / "summary.json").stat().st_size
    assert digests.check(run) == []


def test_a_resumed_run_writes_its_digests_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(tmp_path)
    table.play()
    run = tmp_path / "run"
    seen: list[bool] = []
    write = digests.write

    def watched(folder: Path) -> None:
        seen.append((folder / "digests.json").exists())
        write(folder)

    monkeypatch.setattr(digests, "write", watched)
    again = arena("--challenges", str(tmp_path / "challenges.json"), *NO_TOOLS, "--out", str(run), "--resume")
    assert again.code == 0 and seen == [False]
    assert digests.check(run) == []


def test_the_list_is_json_with_one_line_per_file_in_the_order_of_paths(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    text = (run / "digests.json").read_text()
    assert [line.split(":")[0] for line in text.splitlines()[1:-1]] == ['"a/z.txt"', '"a-b.txt"', '"b.txt"']
    one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"  # printf one | sha256sum
    assert json.loads(text)["files"]["a/z.txt"] == [3, one]
    assert digests.render(digests.read(run)) == text.encode()


def test_a_run_without_files_has_a_list_too(tmp_path: Path) -> None:
    digests.write(tmp_path)
    assert digests.read(tmp_path) == {} and digests.check(tmp_path) == []


def test_names_of_any_bytes_are_listed(tmp_path: Path) -> None:
    run = folder_of(tmp_path, **{'q"\\ü\n.txt': "x"})
    with open(os.fsencode(run) + b"/\xff.txt", "wb") as file:
        file.write(b"y")
    assert len(digests.check(run)) == 1
    digests.write(run)
    assert digests.check(run) == [] and (run / "digests.json").read_bytes().isascii()


def test_a_changed_a_missing_and_an_added_file_are_told_all_at_once(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    (run / "a/z.txt").write_text("0ne")
    (run / "a-b.txt").write_text("thre")
    (run / "b.txt").unlink()
    (run / "a/new.txt").write_text("!")
    assert told(run) == [
        "b.txt is missing; digests.json lists it",
        "a/new.txt is not in digests.json: it was added after the run",
        "a/z.txt was changed after the run: other bytes of the same number (digests.json)",
        "a-b.txt was changed after the run: 5 bytes then, 4 now (digests.json)",
    ]


def test_a_file_that_became_a_link_or_a_folder_is_told(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    (run / "b.txt").unlink()
    (run / "b.txt").symlink_to("a/z.txt")
    (run / "a-b.txt").unlink()
    (run / "a-b.txt").mkdir()
    link = "b.txt is a symbolic link, and a run holds only regular files and folders"
    assert told(run) == ["a-b.txt is missing; digests.json lists it", link]


def test_every_byte_of_the_list_counts(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    path = run / "digests.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert digests.check(run), place
        path.write_bytes(whole[:place] + whole[place + 1 :])
        assert digests.check(run), place
        path.write_bytes(whole[:place] + b" " + whole[place:])
        assert digests.check(run), place
    path.write_bytes(whole)
    assert digests.check(run) == []


def test_a_damaged_list_is_told_with_its_line(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    path = run / "digests.json"
    path.write_bytes(path.read_bytes().replace(b'"b.txt":[3,', b'"b.txt":[03,'))
    assert [(issue.pointer, issue.message[:6]) for issue in digests.check(run)] == [("line 4", "is not")]
    with pytest.raises(DataError, match="line 4"):
        digests.read(run)


def test_two_lines_of_a_list_swapped_are_told(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    head, first, second, *rest = (run / "digests.json").read_bytes().splitlines(keepends=True)
    (run / "digests.json").write_bytes(b"".join([head, second, first, *rest]))
    assert "one order" in told(run)[0]


def test_a_run_without_a_list_is_not_finished(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    (run / "digests.json").unlink()
    assert told(run) == ["digests.json there is no digests.json: the run is not finished; --resume finishes it"]


def test_half_written_files_of_a_killed_process_are_passed_over(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    name = temporary_name("summary.json")
    (run / name).write_text("{")
    assert digests.check(run) == []
    digests.write(run)
    assert name not in digests.read(run)


@pytest.mark.parametrize("name", [".summary.json.tmp", ".tmp", ".x.0123.tmp"])
def test_a_temporary_file_that_is_not_the_arenas_own_is_told(name: str, tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    (run / name).write_text("{")
    assert told(run) == [f"{name} is not in digests.json: it was added after the run"]


def test_renew_enters_the_named_files_and_no_other(tmp_path: Path) -> None:
    run = folder_of(tmp_path, **{"figures/old.svg": "<svg/>"})
    (run / "report.html").write_text("<html>")
    (run / "figures/old.svg").unlink()
    (run / "figures/new.svg").write_text("<svg/>")
    (run / "b.txt").write_text("tampered")
    digests.renew(run, ["report.html", "figures", "never-written.txt"])
    assert set(digests.read(run)) == {"a/z.txt", "a-b.txt", "b.txt", "figures/new.svg", "report.html"}
    assert [issue.file for issue in digests.check(run)] == ["b.txt"]
    (run / "report.html").unlink()
    digests.renew(run, ["report.html"])
    assert "report.html" not in digests.read(run)


def test_renew_refuses_a_run_that_is_not_finished_or_whose_list_is_damaged(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    path = run / "digests.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(DataError):
        digests.renew(run, ["b.txt"])
    path.unlink()
    with pytest.raises(UsageError, match="--resume"):
        digests.renew(run, ["b.txt"])
    assert not path.exists()


def test_a_long_list_is_read_without_being_held(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        names = {
            f"matches/unit/rep_{number:06d}/match.json": digests.Digest(number, "0" * 64) for number in range(count)
        }
        (tmp_path / "digests.json").write_bytes(digests.render(names))
        del names
        tracemalloc.start()
        try:
            assert sum(1 for _ in digests.listed(tmp_path)) == count
            assert digests.read(tmp_path, ["matches/unit/rep_000007/match.json"]).popitem()[1].size == 7
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(4000) - peak(1000) < 3000 * 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1: is not how"),
        (b'{"digests_format":1,"files":{\n', "line 1: is not how"),
        (b'{"digests_format":1,"files":{\n}}\n', "is not in the one order"),
        (b'{"digests_format":1,"files":{\n"a":[1,"%s"],\n\n}}\n' % (b"0" * 64), "line 3: is not `name"),
        (
            b'{"digests_format":1,"files":{\n"a":[1,"%s"],\n"\\q":[1,"%s"]\n}}\n' % (b"0" * 64, b"1" * 64),
            "line 3: holds",
        ),
        (b'{"digests_format":1,"files":{\n"a":[1,"%s"],\n"a":[1,"%s"]\n}}\n' % (b"0" * 64, b"0" * 64), "one order"),
        (b'{"digests_format":1,"files":{\n"\\u0061":[1,"%s"]\n}}\n' % (b"0" * 64), "one order"),
    ],
)
def test_each_kind_of_damage_is_named(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "digests.json").write_bytes(text)
    with pytest.raises(DataError, match=message):
        digests.read(tmp_path)
