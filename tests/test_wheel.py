"""The wheel of a platform: installed in a clean environment, without cargo and clone, it does what a clone does."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from arena.calculator.carrier import SHIPPED_BINARY, find_cargo
from tests.support.arena_rig import ROOT, process

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("build", "setuptools"))),
        reason="build and setuptools are missing: `make test-long` installs them into .venv",
    ),
]

SHIPPED = ("config", "src", "calculator/src")
"""Folders of the clone that a package contains completely."""

GAME = ("--limit", "2", "--max-turns", "6", "--seed", "5")


@dataclass(frozen=True)
class Built:
    """What was built: the sdist, and a wheel with and one without the calculator."""

    sdist: Path
    wheel: Path
    plain: Path


def build(source: Path, out: Path, **environ: str) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Built:
    """Built from what git would hand out, so that nothing an earlier build left can help."""
    source = tmp_path_factory.mktemp("source") / "clone"
    left_out = shutil.ignore_patterns(".git", ".venv*", "target", "build", "dist", "*.egg-info", "tests", "__pycache__")
    shutil.copytree(ROOT, source, ignore=left_out)
    with_, without = tmp_path_factory.mktemp("with"), tmp_path_factory.mktemp("without")
    build(source, with_, WHEEL_CALCULATOR=str(calculator_binary))
    build(source, without, WHEEL_CALCULATOR="")
    return Built(only(with_, "*.tar.gz"), only(with_, "*.whl"), only(without, "*.whl"))


@dataclass(frozen=True)
class Installed:
    """A clean environment with the package, and an empty folder to work in."""

    folder: Path
    home: Path

    def environ(self) -> dict[str, str]:
        return {"PATH": str(self.folder / "bin"), "HOME": str(self.home)}

    def arena(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.call([str(self.folder / "bin" / "arena"), *words])

    def call(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.home, env=self.environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip


def install(wheel: Path, folder: Path) -> Installed:
    home = folder / "elsewhere"
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, capture_output=True)
    pip = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return Installed(folder / "venv", home)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    found = install(built.wheel, tmp_path_factory.mktemp("installed"))
    assert find_cargo(found.environ()) is None
    played = found.arena("run", *GAME)
    assert played.returncode == 0, played.stderr
    return found


def test_runs_go_to_a_folder_where_one_works(installed: Installed) -> None:
    (run,) = (installed.home / "arena-runs").iterdir()
    summary = json.loads((run / "summary.json").read_bytes())
    assert summary["statuses"]["done"] == 2 and summary["calculator"]["provider"] == "process"
    assert summary["usage"]["players"]["tool_calls"] > 0


def test_the_same_run_has_the_same_identity_in_a_clone(
    installed: Installed, calculator_binary: Path, tmp_path: Path
) -> None:
    environ = {**os.environ, "ARENA_CALCULATOR_BIN": str(calculator_binary)}
    played = process(*GAME, "--out", str(tmp_path / "run"), environ=environ)
    assert played.code == 0, played.err
    (run,) = (installed.home / "arena-runs").iterdir()
    assert json.loads((run / "manifest.json").read_bytes())["identity"] == played.json("manifest.json")["identity"]
    assert (run / "matches.jsonl").read_bytes() == played.file("matches.jsonl").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--last"),
        ("check", "--last", "--strict", "0"),
        ("report", "--last"),
        ("show", "--last", "workshop-approval"),
        ("runs",),
        ("doctor",),
        ("build",),
        ("challenges", "lint"),
        ("challenges", "show", "workshop-approval"),
        ("challenges", "play", "workshop-approval"),
        ("calibrate", "--limit", "1", "--out", "calibration"),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_a_command_works_from_another_folder(installed: Installed, words: tuple[str, ...]) -> None:
    ended = installed.arena(*words)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_hint_is_a_command_that_can_be_typed(installed: Installed) -> None:
    stopped = installed.arena("run", "--limit", "1", "--max-calls", "1", "--out", "stopped")
    assert "resume with: arena run " in stopped.stderr
    assert "python3 -m" not in installed.arena("run", "--help-all").stdout + installed.arena("--help").stdout


def test_importlib_resources_finds_the_data(installed: Installed) -> None:
    text = (
        "from importlib.resources import files; data = files('arena') / 'data';"
        " print((data / 'config/outcome_rule.yaml').is_file(), (data / 'src/crypto-knowledge').is_dir())"
    )
    assert installed.call([str(installed.folder / "bin/python"), "-c", text]).stdout.split() == ["True", "True"]


def test_the_wheel_holds_every_data_file_of_the_clone(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {
            name.partition("arena/data/")[2]: wheel.read(name) for name in wheel.namelist() if "arena/data/" in name
        }
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert len(files) > 150
    assert [path for path in files if held.get(path.relative_to(ROOT).as_posix()) != path.read_bytes()] == []
    assert SHIPPED_BINARY.as_posix() in held


def test_the_sdist_holds_every_data_file_of_the_clone(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert [path for path in files if path.relative_to(ROOT).as_posix() not in held] == []


def test_only_a_wheel_with_the_calculator_is_of_a_platform(built: Built) -> None:
    assert built.plain.name.endswith("-py3-none-any.whl")
    assert "-py3-none-" in built.wheel.name and not built.wheel.name.endswith("-any.whl")


def test_a_wheel_without_calculator_says_what_to_install(built: Built, tmp_path: Path) -> None:
    plain = install(built.plain, tmp_path)
    refused = plain.arena("run", "--limit", "1")
    assert refused.returncode == 2 and "cargo is missing" in refused.stderr
    assert plain.arena("run", "--limit", "1", "--calculator-provider", "none").returncode == 0
