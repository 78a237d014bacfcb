"""Without cargo and calculator a run stops before it starts; with a calculator that is built it needs no cargo."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from arena.calculator.carrier import BINARY, GET_CARGO
from tests.support.arena_rig import NO_TOOLS, ROOT, Ended, arena, environment, process


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the tree in which nothing is built."""
    clone = tmp_path / "clone"
    for part in ("arena", "src", "config"):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "calculator", clone / "calculator", ignore=shutil.ignore_patterns("target"))
    return clone


def bare(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which there is no cargo, neither on the PATH nor where rustup puts it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    return {**environment(), "PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


def play(clone: Path, environ: dict[str, str], *words: str) -> Ended:
    return process("--limit", "2", "--max-turns", "4", "--out", str(clone / "run"), *words, cwd=clone, environ=environ)


def test_without_cargo_and_calculator_nothing_is_played(clone: Path, tmp_path: Path) -> None:
    ended = play(clone, bare(tmp_path))
    assert ended.code == 2 and ended.out == "" and ended.err.count("\n") == 1
    assert GET_CARGO in ended.err and "--calculator-provider none" in ended.err
    assert not (clone / "run").exists()


def test_none_that_was_asked_for_is_repeated_at_the_end(clone: Path, tmp_path: Path) -> None:
    ended = play(clone, bare(tmp_path), *NO_TOOLS)
    assert ended.code == 0, ended.err
    last = ended.out.splitlines()[-3:]
    assert last[0].startswith("calculator: none.") and "--calculator-provider none" in last[0]
    assert ended.json("manifest.json")["identity"]["calculator"] == {"provider": "none"}
    assert ended.calls("tool") == [] and not ended.file("inputs/tools.txt").exists()
    assert [record["status"] for record in ended.records()] == ["done", "done"]


def test_with_a_calculator_the_end_warns_of_nothing(clone: Path, tmp_path: Path, calculator_binary: Path) -> None:
    ended = play(clone, {**bare(tmp_path), "ARENA_CALCULATOR_BIN": str(calculator_binary)})
    assert "calculator: process" in ended.out and "--calculator-provider none" not in ended.text


@pytest.mark.parametrize("words", [("lint",), ("show", "workshop-approval")], ids=["lint", "show"])
def test_the_challenge_set_is_read_without_cargo(words: tuple[str, ...], clone: Path, tmp_path: Path) -> None:
    door = ("-m", "arena", "challenges")
    ended = process(*words, door=door, cwd=clone, environ=bare(tmp_path))
    assert ended.code == 0, ended.err


def test_run_without_tools_is_verified_without_cargo(clone: Path, tmp_path: Path) -> None:
    environ = bare(tmp_path)
    assert play(clone, environ, *NO_TOOLS).code == 0
    verified = process("verify", str(clone / "run"), door=("-m", "arena"), cwd=clone, environ=environ)
    assert verified.code == 0 and "everything holds" in verified.out, verified.text


def test_run_that_denies_its_calls_is_not_verified_without_a_calculator(
    clone: Path, tmp_path: Path, calculator_binary: Path
) -> None:
    environ = bare(tmp_path)
    assert play(clone, {**environ, "ARENA_CALCULATOR_BIN": str(calculator_binary)}).code == 0
    path = clone / "run" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["identity"]["calculator"] = {"provider": "none"}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    refused = process("verify", str(clone / "run"), door=("-m", "arena"), cwd=clone, environ=environ)
    assert refused.code == 2 and "the calculator is needed to compute the calls again" in refused.err


def test_a_run_without_tools_is_not_resumed_with_tools(clone: Path, tmp_path: Path, calculator_binary: Path) -> None:
    environ = bare(tmp_path)
    assert play(clone, environ, *NO_TOOLS, "--max-calls", "3").code == 0
    refused = play(clone, {**environ, "ARENA_CALCULATOR_BIN": str(calculator_binary)}, "--resume")
    assert refused.code == 2 and "you changed --calculator-provider: was none, now process" in refused.err
    assert play(clone, environ, *NO_TOOLS, "--resume").code == 0


def test_a_calculator_that_is_named_is_used_without_cargo(clone: Path, tmp_path: Path, calculator_binary: Path) -> None:
    ended = play(clone, {**bare(tmp_path), "ARENA_CALCULATOR_BIN": str(calculator_binary)})
    assert ended.code == 0 and "cargo" not in ended.err
    assert ended.calls("tool") and ended.json("summary.json")["calculator"]["provider"] == "process"


@pytest.mark.parametrize("kind", ["missing", "a folder", "another program"])
def test_a_calculator_that_is_none_is_refused(kind: str, clone: Path, tmp_path: Path) -> None:
    place = {"missing": tmp_path / "nothing", "a folder": tmp_path, "another program": Path("/bin/true")}[kind]
    ended = play(clone, {**bare(tmp_path), "ARENA_CALCULATOR_BIN": str(place)})
    assert ended.code == 2 and ended.err.count("\n") == 1, ended.err
    assert not (clone / "run").exists()


def test_a_calculator_that_does_not_build_is_told_with_what_the_compiler_said(clone: Path, tmp_path: Path) -> None:
    environ = bare(tmp_path)
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text("#!/bin/sh\necho 'error: linker `cc` not found' >&2\nexit 101\n", encoding="utf-8")
    cargo.chmod(0o755)
    ended = play(clone, environ)
    assert ended.code == 2 and "linker `cc` not found" in ended.err and "--calculator-provider none" in ended.err
    assert "building the calculator" in ended.err, "it says what it waits for"
    assert not (clone / "run").exists()


def test_cargo_that_cannot_be_started_is_told(clone: Path, tmp_path: Path) -> None:
    environ = bare(tmp_path)
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text("#!/nowhere/sh\n", encoding="utf-8")
    cargo.chmod(0o755)
    ended = play(clone, environ)
    assert ended.code == 2 and ended.err.splitlines()[-1] == (
        f"arena run: the calculator cannot be built: {cargo}: No such file or directory. Mend that, or play without"
        " tools: --calculator-provider none"
    )


def test_cargo_that_builds_nothing_is_told_with_the_file_that_names_the_binary(clone: Path, tmp_path: Path) -> None:
    environ = bare(tmp_path)
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text("#!/bin/sh\n", encoding="utf-8")
    cargo.chmod(0o755)
    ended = play(clone, environ)
    binary = clone / "calculator" / "target" / "release" / BINARY.name
    assert ended.code == 2 and ended.err.splitlines()[-1] == (
        f"arena run: cargo built the calculator, but {binary} does not exist: check calculator/Cargo.toml"
    )


def test_the_calculator_is_built_first_where_it_is_not_and_that_is_said(
    clone: Path, tmp_path: Path, calculator_binary: Path
) -> None:
    environ = bare(tmp_path)
    cargo = tmp_path / "bin" / "cargo"
    target = clone / "calculator" / "target" / "release"
    cargo.write_text(f"#!/bin/sh\n/bin/mkdir -p {target}\n/bin/cp {calculator_binary} {target}/\n", encoding="utf-8")
    cargo.chmod(0o755)
    first = play(clone, environ)
    assert first.code == 0 and "building the calculator (cargo build --release)" in first.err
    assert first.calls("tool")
    cargo.unlink()
    shutil.rmtree(clone / "run")
    again = play(clone, environ)
    assert again.code == 0 and "building" not in again.err and again.calls("tool"), "built once is enough"


def test_calculator_none_needs_neither_cargo_nor_crate(tmp_path: Path) -> None:
    ended = arena("--limit", "1", "--calculator-provider", "none", "--out", str(tmp_path / "run"))
    assert ended.code == 0 and ended.json("manifest.json")["identity"]["calculator"] == {"provider": "none"}


def test_the_calculators_process_sees_no_key(tmp_path: Path, calculator_binary: Path) -> None:
    environ = environment(ARENA_CALCULATOR_BIN=str(tmp_path / "wrapper"), OPENAI_API_KEY="sk-planted-12345678")
    wrapper = tmp_path / "wrapper"
    seen = tmp_path / "seen.txt"
    wrapper.write_text(f'#!/bin/sh\nenv > {seen}\nexec {calculator_binary} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    ended = process("--limit", "1", "--out", str(tmp_path / "run"), environ=environ)
    assert ended.code == 0, ended.err
    assert "planted" not in seen.read_text(encoding="utf-8") and os.environ["PATH"] in seen.read_text(encoding="utf-8")
