"""Building the calculator, and the real binary behind the local carriers."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from arena.calculator.carrier import (
    BINARY,
    GET_CARGO,
    CalculatorSettings,
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
    cargo = folder / "cargo"
    cargo.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    cargo.chmod(0o755)
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
    assert said == ["building the calculator (cargo build --release) ..."]
    target = clone / "calculator" / "target"
    assert (clone / "calculator" / "args").read_text(encoding="utf-8") == f"build --release --locked --target-dir {target}\n"


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


def test_without_cargo_the_run_plays_on_and_one_line_tells_how_to_get_it(clone: Path) -> None:
    said: list[str] = []
    assert ensure_built(clone, said.append, {"PATH": str(clone), "HOME": str(clone)}) is None
    assert len(said) == 1 and "\n" not in said[0]
    assert "without tools" in said[0] and "rustup.rs" in said[0] and GET_CARGO in said[0]


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
    built = ensure_built(ROOT, lambda _: None, environ)
    assert built is not None
    return built


@pytest.mark.parametrize("name", ["process", "oneshot"])
class TestRealBinary:
    def test_it_computes(self, real_binary: Path, name: str) -> None:
        calculator = build_local(name, CalculatorSettings(ROOT, command=(str(real_binary),)))
        answer = calculator.call("hash", {"alg": "sha256", "data": "utf8:abc"}, "").answer
        calculator.close()
        assert answer["result"] == hashlib.sha256(b"abc").hexdigest()

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
