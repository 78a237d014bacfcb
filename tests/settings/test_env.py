"""The .env file: its rules, its place, and that the real environment wins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arena.errors import DataError
from arena.settings.env import Dotenv, load_dotenv, parse_dotenv, read_dotenv


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b c ", "b c"),
        ("export A=b", "b"),
        ("  A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("A=#x", "#x"),
        ("A='b # c' # d", "b # c"),
        (r"A='\n'", r"\n"),
        (r'A="x\ny\t\"\\ \$HOME \d"', 'x\ny\t"\\ $HOME \\d'),
        ("A=$HOME", "$HOME"),
        ("A=a=b==", "a=b=="),
        ("A=it's", "it's"),
        ("A=https://h/p?q=1&r=2", "https://h/p?q=1&r=2"),
    ],
)
def test_a_line_gives_its_value(line: str, value: str) -> None:
    assert parse_dotenv(line, ".env") == {"A": value}


def test_comments_and_blank_lines_are_skipped_and_the_last_line_counts() -> None:
    assert parse_dotenv("# A=0\r\n\r\nA=1\r\nB=x\nA=2\n", ".env") == {"A": "2", "B": "x"}


@pytest.mark.parametrize("line", ["A", "1A=b", "A-B=c", "=b", "A='b", 'A="b', "A='b' c", 'A="b"c', "A='b'#c", "A=b\0"])
def test_a_bad_line_is_named_and_its_value_not_repeated(line: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_dotenv(f"OK=1\n{line}secret\n", "x/.env")
    assert str(caught.value).startswith("x/.env: line 2: ")
    assert "secret" not in str(caught.value)


def test_all_bad_lines_are_reported_at_once() -> None:
    with pytest.raises(DataError) as caught:
        parse_dotenv("A\nB=1\nC='\n", ".env")
    assert [issue.pointer for issue in caught.value.issues] == ["line 1", "line 3"]


def test_the_real_environment_wins_even_when_empty(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\nC=file\n", encoding="utf-8")
    assert load_dotenv({"A": "real", "B": ""}, tmp_path) == {"A": "real", "B": "", "C": "file"}


def test_an_empty_value_in_the_file_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=\nB=''\n", encoding="utf-8")
    assert load_dotenv({}, tmp_path) == {}


def test_the_working_directorys_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have come with a received folder, and would name programs and addresses."""
    clone, here = tmp_path / "clone", tmp_path / "here"
    clone.mkdir()
    here.mkdir()
    (here / ".env").write_text("ARENA_CALCULATOR_BIN=evil.sh\nOPENAI_BASE_URL=https://evil.test\n", encoding="utf-8")
    monkeypatch.chdir(here)
    assert read_dotenv({}, clone) == Dotenv() and load_dotenv({}, clone) == {}
    (clone / ".env").write_text("A=clone\n", encoding="utf-8")
    assert load_dotenv({}, clone) == {"A": "clone"}
    assert read_dotenv({}, clone).path == clone / ".env"


def test_a_named_file_is_read_instead_of_the_clones(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=clone\nB=clone\n", encoding="utf-8")
    (tmp_path / "other").write_text("A=other\n", encoding="utf-8")
    assert load_dotenv({"ARENA_NO_DOTENV": "1"}, tmp_path, tmp_path / "other") == {"A": "other", "ARENA_NO_DOTENV": "1"}
    with pytest.raises(DataError, match="none: cannot be read"):
        load_dotenv({}, tmp_path, tmp_path / "none")


def test_a_file_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n", encoding="utf-8")
    for mode, warned in ((0o600, 0), (0o640, 1), (0o604, 1)):
        path.chmod(mode)
        assert len(read_dotenv({}, tmp_path).warnings) == warned
    assert read_dotenv({}, tmp_path).warnings == (f"{path} may hold keys and is readable by others: chmod 600 {path}",)


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(DataError, match="it is a FIFO"):
        load_dotenv({}, tmp_path)


def test_the_switch_ignores_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n", encoding="utf-8")
    assert load_dotenv({"ARENA_NO_DOTENV": "1"}, tmp_path) == {"ARENA_NO_DOTENV": "1"}
    assert load_dotenv({"ARENA_NO_DOTENV": "0"}, tmp_path)["A"] == "1"


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\n")
    assert load_dotenv({}, tmp_path) == {"A": "1"}


def test_a_file_that_is_no_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(DataError, match="not UTF-8"):
        load_dotenv({}, tmp_path)
