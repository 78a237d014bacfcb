"""scripts/fetch_fever.py against a local server: resumes, starts over, checks, says what went wrong."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import deque
from pathlib import Path

import pytest

from scripts.fetch_fever import DELAY_S, FILES, Progress, main
from tests.families.cheaptalk.range_server import RangeServer

CONTENT = bytes(range(256)) * 4000
NAME = "paper_dev.jsonl"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def run(server: RangeServer, folder: Path, *more: str, slept: list[float] | None = None) -> int:
    waits = slept if slept is not None else []
    return main([NAME, "--to", str(folder), "--base-url", server.url, *more], sleep=waits.append)


def test_file_arrives_whole_with_its_checksum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RangeServer(CONTENT) as server:
        assert run(server, tmp_path / "new") == 0
    target = tmp_path / "new" / NAME
    assert target.read_bytes() == CONTENT
    assert capsys.readouterr().out == f"{sha(CONTENT)}  {target}\n"
    assert (tmp_path / "new" / f"{NAME}.sha256").read_text() == f"{sha(CONTENT)}  {NAME}\n"
    assert sorted(path.name for path in target.parent.iterdir()) == [NAME, f"{NAME}.sha256"]


def test_dropped_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    slept: list[float] = []
    with RangeServer(CONTENT, plan=deque(["drop:300000", "drop:100000", "503"])) as server:
        assert run(server, tmp_path, slept=slept) == 0
    assert server.seen == ["", "bytes=300000-", "bytes=400000-", "bytes=400000-"]
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert slept == [DELAY_S, 2 * DELAY_S, 4 * DELAY_S]


def test_next_run_resumes_what_an_earlier_one_left(tmp_path: Path) -> None:
    with RangeServer(CONTENT, plan=deque(["drop:700000"])) as server:
        assert run(server, tmp_path, "--attempts", "1") == 1
        assert (tmp_path / f"{NAME}.part").stat().st_size == 700_000 and not (tmp_path / NAME).exists()
        assert run(server, tmp_path, "--attempts", "1") == 0
    assert server.seen == ["", "bytes=700000-"] and (tmp_path / NAME).read_bytes() == CONTENT


def test_changed_file_is_downloaded_from_the_start(tmp_path: Path) -> None:
    with RangeServer(CONTENT, plan=deque(["drop:5000", "change"])) as server:
        assert run(server, tmp_path) == 0
    assert server.seen == ["", "bytes=5000-"] and (tmp_path / NAME).read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(("etag", "resumes"), [('"one"', False), ("", True), ('W/"weak"', True)])
def test_server_that_cannot_resume_is_asked_for_all(tmp_path: Path, etag: str, resumes: bool) -> None:
    with RangeServer(CONTENT, etag, resumes, deque(["drop:5000"])) as server:
        assert run(server, tmp_path) == 0
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_part_that_is_already_whole_is_kept(tmp_path: Path) -> None:
    with RangeServer(CONTENT, plan=deque(["drop:700000"])) as server:
        run(server, tmp_path, "--attempts", "1")
        (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
        assert run(server, tmp_path, "--attempts", "1") == 0
    assert server.seen[-1] == f"bytes={len(CONTENT)}-" and (tmp_path / NAME).read_bytes() == CONTENT


def test_file_that_is_there_is_checked_and_not_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RangeServer(CONTENT) as server:
        assert run(server, tmp_path) == run(server, tmp_path) == 0
        assert len(server.seen) == 1
        (tmp_path / NAME).write_bytes(b"spoilt")
        assert run(server, tmp_path) == 1
    assert f"not {sha(CONTENT)}; delete the file" in capsys.readouterr().err


def test_wrong_checksum_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RangeServer(CONTENT) as server:
        assert run(server, tmp_path, "--sha256", "0" * 64) == 1
        assert list(tmp_path.iterdir()) == []
        assert run(server, tmp_path, "--sha256", sha(CONTENT).upper()) == 0
    assert "the download was deleted" in capsys.readouterr().err


def test_missing_file_is_not_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RangeServer(CONTENT) as server:
        assert main(["paper_test.jsonl", "--to", str(tmp_path), "--base-url", server.url]) == 1
        assert len(server.seen) == 1
    assert "HTTP 404" in capsys.readouterr().err


def test_server_that_stays_down_is_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RangeServer(CONTENT, plan=deque(["503"] * 9)) as server:
        assert run(server, tmp_path, "--attempts", "3") == 1
        assert len(server.seen) == 3
    assert "HTTP 503 Service Unavailable (3 attempts); run the same command to go on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dev.jsonl"], "unknown file 'dev.jsonl'"),
        ([NAME, "train.jsonl", "--sha256", "0" * 64], "exactly one FILE"),
        ([NAME, "--sha256", "12"], "64 hexadecimal digits"),
        ([NAME, "--attempts", "0"], "above 0"),
        ([NAME, "--base-url", "ftp://host"], "begins with https://"),
    ],
)
def test_wrong_use_is_exit_two(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


def packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def unzipped(tmp_path: Path, data: bytes) -> int:
    with RangeServer(data) as server:
        return main(["wiki-pages.zip", "--to", str(tmp_path), "--base-url", server.url, "--unzip", "--quiet"])


def test_archive_is_unpacked_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = packed({"wiki-pages/wiki-001.jsonl": b"{}\n", "wiki-pages/wiki-002.jsonl": b"{}{}\n"})
    assert unzipped(tmp_path, data) == unzipped(tmp_path, data) == 0
    assert (tmp_path / "wiki-pages/wiki-002.jsonl").read_bytes() == b"{}{}\n"
    out = capsys.readouterr().out
    assert "2 files unpacked" in out and "0 files unpacked" in out


@pytest.mark.parametrize("name", ["../outside.jsonl", "/outside.jsonl", "a\\..\\outside.jsonl"])
def test_archive_that_leaves_its_folder_is_refused(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unzipped(tmp_path / "in", packed({name: b"x"})) == 1
    assert "would be written outside" in capsys.readouterr().err
    assert not (tmp_path / "outside.jsonl").exists()


def test_damaged_archive_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert unzipped(tmp_path, b"no archive") == 1
    assert "delete it and download it again" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    bar, lines, silent = Terminal(), io.StringIO(), io.StringIO()
    for out, quiet in ((bar, False), (lines, False), (silent, True)):
        progress = Progress(out, "f", quiet)
        for done in range(0, 1001, 5):
            progress.show(done * 2**20, 1000 * 2**20)
        progress.end()
    assert bar.getvalue().endswith(f"\rf [{'#' * 30}] 1000.0 of 1000.0 MiB\n")
    assert lines.getvalue().count("\n") == 11 and "\r" not in lines.getvalue()
    assert silent.getvalue() == ""


def test_known_files_are_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(name in text for name in FILES)
