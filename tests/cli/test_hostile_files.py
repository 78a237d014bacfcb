"""Files that a command is given, of any kind and content: one message, no traceback, no waiting."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from arena.errors import DataError
from arena.formats import simpleyaml
from arena.formats.bounded import MAX_DEPTH, MAX_DIGITS, parse_json, read_file
from tests.support.arena_rig import ROOT, command, process
from tests.support.made_runs import made_run, record


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def holes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 2**30)


def folder(path: Path) -> None:
    path.mkdir()


def holding(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


FILES = {
    "FIFO": fifo,
    "device": device,
    "20 GB of holes": holes,
    "folder": folder,
    "200,000 levels": holding(b"[" * 200_000),
    "900 levels": holding(b"[" * 900 + b"]" * 900),
    "10,000,000 digits": holding(b'{"seed": ' + b"9" * 10_000_000 + b"}"),
    "NaN": holding(b'{"timeout": NaN}'),
    "1e999": holding(b'{"timeout": 1e999}'),
    "no UTF-8": holding(b"\xff\xfe"),
    "nothing": holding(b""),
    "another shape": holding(b'{"challenges": [{"id": 1}], "rules": 5}'),
    "a list": holding(b"[1]"),
}

COMMANDS = {
    "config": ("run", "--dry-run", "--config", "FILE"),
    "prices": ("run", "--dry-run", "--prices", "FILE"),
    "challenges": ("run", "--dry-run", "--challenges", "FILE"),
    "rule": ("run", "--dry-run", "--outcome-rule", "FILE"),
    "plays": ("run", "--dry-run", "--participant-model", "scripted/FILE", "--judge-model", "mock/judge"),
    "thresholds": ("check", str(ROOT / "state/examples/mock-three"), "--thresholds", "FILE"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_config_file_of_any_kind_is_one_message(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    FILES[name](path)
    ended = process(*("run", "--dry-run", "--config", str(path)), door=("-m", "arena"), timeout=60)
    assert ended.code == (0 if name == "nothing" and not ended.err else 2), ended.text
    assert str(path) in ended.err


@pytest.mark.parametrize("reader", COMMANDS)
@pytest.mark.parametrize("name", ["FIFO", "20 GB of holes", "another shape"])
def test_every_file_that_a_command_reads_is_bounded(name: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    FILES[name](path)
    words = [word.replace("FILE", str(path)) for word in COMMANDS[reader]]
    if words[0] == "run":
        words += ["--calculator-provider", "none"]
    ended = process(*words, door=("-m", "arena"), timeout=60)
    assert ended.code in (1, 2) and str(path) in ended.err, ended.text


@pytest.mark.parametrize("reader", ["report", "compare", "leaderboard", "check", "verify"])
@pytest.mark.parametrize("missing", ["status", "transcript", "usage", "scores", "judging", "cell"])
def test_a_record_without_a_member_shows_no_traceback(reader: str, missing: str, tmp_path: Path) -> None:
    whole = record("c1", outcome="SUCCESS")
    run = made_run(tmp_path / "run", [whole])
    line = (run / "matches.jsonl").read_bytes()
    (run / "matches.jsonl").write_bytes(line.replace(f'"{missing}":'.encode(), f'"no_{missing}":'.encode()))
    words = (reader, run, run) if reader == "compare" else (reader, run)
    more = ("--calculator-provider", "none") if reader == "verify" else ()
    assert "Traceback" not in command(*words, *more).text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[" * 200_000, "nested deeper"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
        (b"9" * (MAX_DIGITS + 1), "has a number of 301 characters"),
        (b"NaN", "holds NaN"),
        (b"-Infinity", "holds -Infinity"),
        (b"1e999", "no float can hold"),
        (b"[" + b"1," * 2_000_001 + b"1]", "more than 2,000,000 members"),
        (b"\xff", "is not UTF-8"),
        (b"{", "is not JSON"),
    ],
)
def test_json_beyond_a_bound_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        parse_json(data, "some.json")
    assert caught.value.issues[0].file == "some.json"


def test_json_within_the_bounds_is_read() -> None:
    text = b"[" * MAX_DEPTH + b"9" * MAX_DIGITS + b"]" * MAX_DEPTH
    assert parse_json(text, "") != parse_json(b'{"a":[1.5,null,"x"]}', "") == {"a": [1.5, None, "x"]}


def test_a_file_larger_than_its_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 11)
    assert read_file(tmp_path / "f", 11) == b"x" * 11
    with pytest.raises(DataError, match="is larger than 10 bytes"):
        read_file(tmp_path / "f", 10)


def test_yaml_of_a_million_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_bytes(b"".join(b"k%d: 1\n" % n for n in range(1_500_000)))
    with pytest.raises(DataError, match="is larger than 1 MiB"):
        simpleyaml.load(path)
