"""Building the calculator, and the real binary behind the local carriers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from arena.calculator import cargo, carrier
from arena.calculator.carrier import (
    BINARY,
    GET_CARGO,
    SHIPPED_BINARY,
    CalculatorSettings,
    NoCalculator,
    ensure_built,
    build_environment,
    find_cargo,
)
from arena.calculator.process import build as build_local
from arena.errors import ConfigError, UsageError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the sources of a calculator, not built yet."""
    source = tmp_path / "calculator" / "src"
    source.mkdir(parents=True)
    (source / "lib.rs").write_text("// nothing\n", encoding="utf-8")
    for name in ("Cargo.toml", "Cargo.lock"):
        (source.parent / name).write_text("\n", encoding="utf-8")
    return tmp_path


def with_cargo(clone: Path, script: str) -> dict[str, str]:
    """An environment whose only cargo is this shell script."""
    folder = clone / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "cargo"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}", "HOME": str(clone)}


MAKES_BINARY = 'echo "$@" >> args; mkdir -p target/release; : > target/release/crypto_calculator_cli'


def put_binary(clone: Path, age_s: float = 0.0) -> Path:
    binary = clone / BINARY
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_bytes(b"x")
    moment = time.time() - age_s
    os.utime(binary, (moment, moment))
    return binary


def test_a_missing_binary_is_built_and_that_is_said_first(clone: Path) -> None:
    said: list[str] = []
    environ = with_cargo(clone, MAKES_BINARY)
    assert ensure_built(clone, said.append, environ) == clone / BINARY
    assert len(said) == 1 and "building the calculator" in said[0]
    words = (clone / "calculator" / "args").read_text(encoding="utf-8").split()
    assert words[:3] == ["build", "--release", "--locked"]
    assert words[words.index("--bin") + 1] == BINARY.name, "neither examples nor the Lambda binary"
    assert words[words.index("--target-dir") + 1] == str(clone / "calculator" / "target")


def test_an_up_to_date_binary_is_not_built_again(clone: Path) -> None:
    binary = put_binary(clone, age_s=-60)
    said: list[str] = []
    assert ensure_built(clone, said.append, with_cargo(clone, "exit 1")) == binary
    assert said == []


@pytest.mark.parametrize("changed", ["src/lib.rs", "Cargo.toml", "Cargo.lock", "src/ops/new.rs"])
def test_a_binary_older_than_any_source_is_built_again_once(clone: Path, changed: str) -> None:
    put_binary(clone, age_s=-60)
    file = clone / "calculator" / changed
    file.parent.mkdir(exist_ok=True)
    file.touch()
    later = time.time() + 120
    os.utime(file, (later, later))
    said: list[str] = []
    ensure_built(clone, said.append, with_cargo(clone, "exit 0"))
    assert len(said) == 1
    os.utime(file, (later - 240, later - 240))
    ensure_built(clone, said.append, with_cargo(clone, "exit 1"))
    assert len(said) == 1


def copied(clone: Path) -> Path:
    """A copy with new times, the sources last."""
    copy = clone.parent / f"{clone.name}-copy"
    shutil.copytree(clone, copy, copy_function=shutil.copyfile)
    later = time.time() + 60
    for path in (copy / "calculator" / "src").rglob("*"):
        os.utime(path, (later, later))
    return copy


@pytest.mark.parametrize("built_by", ["the arena", "hand"])
def test_a_copy_of_a_built_clone_is_not_built_again(built_by: str, clone: Path) -> None:
    if built_by == "hand":
        put_binary(clone, age_s=-60)
    ensure_built(clone, lambda line: None, with_cargo(clone, MAKES_BINARY))
    copy, said = copied(clone), list[str]()
    for _ in range(2):
        assert ensure_built(copy, said.append, with_cargo(copy, "exit 1")) == copy / BINARY
    assert said == []


@pytest.mark.parametrize("change", ["edited", "added", "removed", "renamed"])
def test_a_copy_with_other_sources_is_built_again(change: str, clone: Path) -> None:
    ensure_built(clone, lambda line: None, with_cargo(clone, MAKES_BINARY))
    copy, said = copied(clone), list[str]()
    source = copy / "calculator" / "src" / "lib.rs"
    {
        "edited": lambda: source.write_text("// other\n", encoding="utf-8"),
        "added": lambda: source.with_name("more.rs").touch(),
        "removed": source.unlink,
        "renamed": lambda: source.rename(source.with_name("main.rs")),
    }[change]()
    later = time.time() + 60
    os.utime(copy / "calculator" / "Cargo.toml", (later, later))
    ensure_built(copy, said.append, with_cargo(copy, "exit 0"))
    assert len(said) == 1


def test_a_folder_that_takes_no_files_keeps_its_binary(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    binary = put_binary(clone, age_s=-60)
    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(os, "utime", refuse)
    assert ensure_built(clone, lambda line: None, {}) == binary


def test_without_cargo_and_binary_it_stops_and_says_what_to_install(clone: Path) -> None:
    said: list[str] = []
    with pytest.raises(NoCalculator) as caught:
        ensure_built(clone, said.append, {"PATH": str(clone), "HOME": str(clone)})
    assert GET_CARGO in str(caught.value) and "--calculator-provider none" in str(caught.value)
    assert said == []


def test_progress_is_told_at_intervals(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cargo, "NOTE_EVERY_S", 0.01)
    go_on = clone / "go_on"
    script = (
        r"printf '   Compiling a v1\n    Building [=>   ] 3/41: a\r' >&2;"
        f" while [ ! -e {go_on} ]; do sleep 0.01; done; {MAKES_BINARY}"
    )
    said: list[str] = []

    def notify(line: str) -> None:
        said.append(line)
        if "3 of 41 crates" in line:
            go_on.touch()

    ensure_built(clone, notify, with_cargo(clone, script))
    assert re.fullmatch(r"building the calculator: 3 of 41 crates, \d+s", said[-1])


def test_progress_without_counts_tells_the_time(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cargo, "NOTE_EVERY_S", 0.01)
    times = iter(range(0, 1000, 7))
    script = "echo 'something new' >&2; sleep 0.3"
    said: list[str] = []
    environ = with_cargo(clone, script)
    assert cargo.run_cargo([str(clone / "bin/cargo")], clone, environ, said.append, lambda: next(times))[0] == 0
    assert said[:2] == ["building the calculator: 7s", "building the calculator: 14s"]


def test_on_a_terminal_cargo_draws_itself(clone: Path, capfd: pytest.CaptureFixture[str]) -> None:
    environ = with_cargo(clone, f"echo 'drawn by cargo' >&2; {MAKES_BINARY}")
    ensure_built(clone, lambda line: None, environ, live=True)
    assert "drawn by cargo" in capfd.readouterr().err
    os.unlink(clone / BINARY)
    with pytest.raises(UsageError, match="ended with 101"):
        ensure_built(clone, lambda line: None, with_cargo(clone, "exit 101"), live=True)


def test_a_calculator_that_a_wheel_brought_is_used(clone: Path) -> None:
    shipped = clone / SHIPPED_BINARY
    shipped.parent.mkdir()
    shipped.touch()
    assert ensure_built(clone, lambda line: None, {}) == shipped


@pytest.mark.parametrize("cache", ["given", "default"])
def test_an_installed_package_builds_in_the_users_cache(
    cache: str, clone: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "INSTALLED", True)
    monkeypatch.setattr(carrier, "DATA_ROOT", clone)
    home = tmp_path_factory.mktemp("home")
    script = 'for word in "$@"; do last=$word; done; mkdir -p "$last/release"; : > "$last/release/crypto_calculator_cli"'
    environ = {**with_cargo(clone, script), "HOME": str(home)}
    folder = home / ".cache"
    if cache == "given":
        folder = home / "elsewhere"
        environ["XDG_CACHE_HOME"] = str(folder)
    first = ensure_built(clone, lambda line: None, environ)
    assert first.parents[3] == folder and not (clone / "calculator" / "target").exists()
    assert ensure_built(clone, lambda line: None, {**environ, **with_cargo(clone, "exit 1"), "HOME": str(home)}) == first
    (clone / "calculator" / "src" / "lib.rs").write_text("// another version\n", encoding="utf-8")
    assert ensure_built(clone, lambda line: None, {**environ, **with_cargo(clone, script), "HOME": str(home)}) != first


def test_without_cargo_an_older_binary_is_used_and_that_is_said(clone: Path) -> None:
    binary = put_binary(clone, age_s=3600)
    said: list[str] = []
    assert ensure_built(clone, said.append, {"PATH": str(clone)}) == binary
    assert len(said) == 1 and "older than its sources" in said[0]


def test_a_failed_build_is_a_usage_error_with_the_end_of_cargos_output(clone: Path) -> None:
    environ = with_cargo(clone, 'i=0; while [ $i -lt 40 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 101')
    with pytest.raises(UsageError) as caught:
        ensure_built(clone, lambda _: None, environ)
    assert "line 39" in str(caught.value) and "line 2\n" not in str(caught.value)
    assert "101" in str(caught.value) and "--calculator-provider none" in str(caught.value)


def test_a_build_that_makes_no_binary_is_a_usage_error(clone: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        ensure_built(clone, lambda _: None, with_cargo(clone, "exit 0"))


def test_a_chosen_binary_is_taken_as_it_is(clone: Path) -> None:
    chosen = clone / "mine"
    chosen.write_text("#!/bin/sh\n", encoding="utf-8")
    chosen.chmod(0o755)
    assert ensure_built(clone, lambda _: None, {"ARENA_CALCULATOR_BIN": str(chosen)}) == chosen


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_chosen_binary_that_cannot_be_run_is_a_usage_error(clone: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="ARENA_CALCULATOR_BIN"):
        ensure_built(clone, lambda _: None, {"ARENA_CALCULATOR_BIN": str(clone / name)})


def test_outside_a_clone_there_is_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clone"):
        ensure_built(tmp_path, lambda _: None, {})


@pytest.fixture(scope="session")
def real_binary() -> Path:
    """The crate's own binary, built when it is missing or old."""
    if find_cargo(os.environ) is None and not (ROOT / BINARY).is_file():
        pytest.skip(f"cargo is missing: {GET_CARGO}")
    environ = {name: value for name, value in os.environ.items() if name != "ARENA_CALCULATOR_BIN"}
    return ensure_built(ROOT, lambda _: None, environ)


@pytest.mark.parametrize("name", ["process", "oneshot"])
class TestRealBinary:
    def test_it_computes(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        answer = calculator.call("hash", {"alg": "sha256", "data": "utf8:abc"}, "").answer
        calculator.close()
        assert answer["result"] == hashlib.sha256(b"abc").hexdigest()

    def test_help_says_where_the_root_of_a_tree_comes_from(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        ops = ("merkle_verify", "merkle_consistency_verify", "merkle_absence_verify")
        helps = {op: json.dumps(calculator.call("help", {"op": op}, "").answer["result"]) for op in ops}
        calculator.close()
        assert [op for op in ops if "from the same trusted place" not in helps[op]] == []

    def test_randomness_is_a_function_of_the_seed(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        one, again, other = (
            calculator.call("random_bytes", {"len": 16}, seed * 32).answer for seed in ("aa", "aa", "bb")
        )
        calculator.close()
        assert one == again
        assert one["result"] != other["result"]

    def test_without_seeds_it_draws_afresh(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),), seeded=False))
        one, other = (calculator.call("random_bytes", {"len": 16}, "aa" * 32).answer["result"] for _ in range(2))
        calculator.close()
        assert one != other

    def test_the_identity_names_version_ops_and_the_very_file(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        identity = calculator.identity()
        names = {row["name"] for row in calculator.catalogue()}
        calculator.close()
        assert identity["binary_sha256"] == hashlib.sha256(real_binary.read_bytes()).hexdigest()
        assert identity["ops"] == len(names) and {"hash", "commit_hash", "batch"} <= names
        assert identity["version"]

    @pytest.mark.parametrize(
        "args",
        [{"data": 1.5}, {"data": "\ud800"}, {"data": "00" * 600_000}, {"data": [[[]]] * 9}],
        ids=["float", "half a surrogate pair", "too long", "wrong type"],
    )
    def test_what_it_cannot_read_is_answered_and_the_next_call_served(
        self, real_binary: Path, name: str, args: dict[str, object]
    ) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        refused = calculator.call("hash", args, "")
        served = calculator.call("ping", {}, "")
        calculator.close()
        assert refused.answer["ok"] is False and refused.attempts == ()
        assert served.answer["result"] == "pong"


def test_cargo_is_given_no_keys() -> None:
    kept = {
        "PATH": "/bin", "HOME": "/root", "CARGO_HOME": "/c", "RUSTUP_HOME": "/r", "RUSTFLAGS": "-O", "https_proxy": "p",
        "NO_PROXY": "x", "CARGO_NET_OFFLINE": "true",
    }  # fmt: skip
    secret = {
        "OPENAI_API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "s", "CRYPTOMATH_LAMBDA_TOKEN": "t", "GITHUB_TOKEN": "t",
        "CARGO_REGISTRY_TOKEN": "t", "CARGO_REGISTRIES_X_TOKEN": "t", "ARENA_SSL_VERIFY": "0", "LD_PRELOAD": "evil.so",
    }  # fmt: skip
    assert build_environment({**kept, **secret}) == kept


def test_the_build_runs_without_the_keys_of_the_environment(clone: Path) -> None:
    environ = with_cargo(clone, 'env > "$PWD/seen"; ' + MAKES_BINARY)
    ensure_built(clone, lambda _: None, {**environ, "OPENAI_API_KEY": "sk-secret", "CARGO_TERM_COLOR": "never"})
    seen = (clone / "calculator/seen").read_text()
    assert "CARGO_TERM_COLOR=never" in seen and "sk-secret" not in seen
