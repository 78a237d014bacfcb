"""The calculator: the code that its carriers share, and the build.

The carriers are in their own modules, each with `build(name, settings)`: process.py (`process`, `oneshot`) and
lambda_url.py (`lambda`), so that a run without the latter loads no HTTP for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.calculator.cargo import run_cargo
from arena.calculator.freshness import digest, is_fresh, mark
from arena.errors import ConfigError, ServiceFault, UsageError
from arena.messages import HttpAttempt, ToolAnswer
from arena.records import Json
from arena.settings.places import DATA_ROOT, INSTALLED

DEFAULT_TIMEOUT_S = 10.0
"""Twice the calculator's own time limit of 5 s, so that its `timeout` answer comes first."""

OUTAGE_CODES: Mapping[str, str] = {"timeout": "timeout", "internal": "calculator"}
"""Error codes of an answer that depend on the machine or on a bug in the arena, and not on the call -> reason of the
ServiceFault. They are outages: tried once more, then the trial is `error`. Every other `ok: false` is an answer."""

BINARY = Path("calculator/target/release/crypto_calculator_cli")
SHIPPED_BINARY = Path("bin") / BINARY.name
"""The path of the calculator in a wheel for one platform, below the data of the installed package."""
GET_CARGO = "install Rust from https://rustup.rs or your distribution's package `cargo`"


@dataclass(frozen=True, slots=True)
class CalculatorSettings:
    """Settings of a carrier. `timeout_s` bounds one attempt of one call; `max_processes` the local processes.

    `command`: the local calculator without flags, which the carrier adds (None: the file of `binary_path`).
    `lambda_url`: the address of the calculator behind HTTP.  `environ`: variables for ARENA_CALCULATOR_BIN, AWS_*,
    CRYPTOMATH_LAMBDA_TOKEN, proxies.  `notify` gets lines for people.  `seeded`: whether local calls carry their seed,
    so that they can be recomputed.
    """

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_processes: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    command: tuple[str, ...] | None = None
    lambda_url: str | None = None
    notify: Callable[[str], None] | None = None
    seeded: bool = True
    stop: threading.Event = field(default_factory=threading.Event)


class Outage(Exception):
    """One attempt without a usable answer; `reason` is the reason of the ServiceFault that it may become."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


_encode = json.JSONEncoder(separators=(",", ":")).encode


def request_bytes(op: str, args: Json, call_id: str | None, seed: str | None) -> bytes:
    """Return one request as a line of ASCII without its line end."""
    request: dict[str, Json] = {"op": op, "args": args}
    if call_id is not None:
        request["id"] = call_id
    if seed:
        request["seed"] = seed
    return _encode(request).encode("ascii")


def read_answer(line: bytes, call_id: str | None, alone: bool = True) -> dict[str, Json]:
    """Return the answer in `line` without its `id`, which belongs to the carrier and not to the call.

    Raises Outage if the line is not an answer to this call. The answer to a refused request has no id if the calculator
    could not read it; it is accepted if only one request is under way (`alone`).
    """
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise Outage("calculator", f"the calculator's answer is not JSON: {_excerpt(line)}") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise Outage("calculator", f'the calculator answered JSON without "ok": {_excerpt(line)}')
    if answer["ok"]:
        usable = "result" in answer
    else:
        error = answer.get("error")
        usable = isinstance(error, dict) and isinstance(error.get("code"), str)
    if not usable:
        raise Outage("calculator", f"the calculator's answer lacks its result or error code: {_excerpt(line)}")
    given = answer.pop("id", None)
    if call_id is not None and given != call_id and (given is not None or answer["ok"] or not alone):
        raise Outage("calculator", "the calculator's answer belongs to another call")
    return answer


def refuse_outage(answer: Mapping[str, Json]) -> None:
    """Raise Outage for an answer that says the calculator failed (OUTAGE_CODES), alone or inside a batch."""
    if answer["ok"]:
        result = answer["result"]
        inner = result.get("answers") if isinstance(result, dict) else None
        for one in inner if isinstance(inner, list) else ():
            if isinstance(one, dict) and one.get("ok") is False and "error" in one:
                refuse_outage(one)
        return
    error = answer["error"]
    code = str(error.get("code")) if isinstance(error, dict) else ""
    if code in OUTAGE_CODES:
        raise Outage(OUTAGE_CODES[code], f"the calculator answered {code}: {str(error.get('message'))[:200]}")


def _excerpt(line: bytes) -> str:
    return repr(line[:100].decode("utf-8", "replace"))


def call_twice(op: str, once: Callable[[], dict[str, Json]], stopped: Callable[[], bool]) -> ToolAnswer:
    """Make one attempt and, after an Outage, one more. Raises ServiceFault when both failed or `stopped()`."""
    started = time.perf_counter()
    attempts: tuple[HttpAttempt, ...] = ()
    while True:
        begun = time.perf_counter()
        try:
            answer = once()
            refuse_outage(answer)
        except Outage as outage:
            attempts += (HttpAttempt(None, (time.perf_counter() - begun) * 1000.0, str(outage)),)
            if stopped():
                raise ServiceFault("interrupted", "the calculator was closed during a call", attempts) from outage
            if len(attempts) > 1:
                message = f"calculator, op {op[:64]}: {outage} (2 attempts)"
                raise ServiceFault(outage.reason, message, attempts) from outage
        else:
            now = time.perf_counter()
            if attempts:
                attempts += (HttpAttempt(None, (now - begun) * 1000.0),)
            return ToolAnswer(answer, (now - started) * 1000.0, attempts)


class Catalogue:
    """The answers of the ops `ops` and `version`, asked for once."""

    def __init__(self, ask: Callable[[str], ToolAnswer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answers: dict[str, dict[str, Json]] = {}

    def _result(self, op: str) -> dict[str, Json]:
        with self._lock:
            if op not in self._answers:
                answer = self._ask(op).answer
                if not answer["ok"] or not isinstance(answer["result"], dict):
                    raise ServiceFault(
                        "calculator", f"the calculator does not know the op `{op}`: is it the right one?"
                    )
                self._answers[op] = answer["result"]
            return self._answers[op]

    def rows(self) -> list[dict[str, Json]]:
        """Return the rows of all ops. Raises ServiceFault."""
        rows: Json = self._result("ops").get("ops")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
            raise ServiceFault("calculator", "the op `ops` gave no list of ops: is it the right calculator?")
        return rows

    def identity(self) -> dict[str, Json]:
        """Return version, digest of the catalogue and number of ops. Raises ServiceFault."""
        version = self._result("version")
        return {
            "version": version.get("version"),
            "catalogue": version.get("catalogue"),
            "ops": len(self.rows()),
        }


def binary_path(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the path of the local calculator: ARENA_CALCULATOR_BIN, else the calculator of the wheel, else the one built
    from the clone or package at `root`."""
    chosen = environ.get("ARENA_CALCULATOR_BIN", "").strip()
    if chosen:
        return Path(chosen).expanduser()
    shipped = root / SHIPPED_BINARY
    return shipped if shipped.is_file() else target_folder(root, environ) / "release" / BINARY.name


def target_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the target folder of cargo: in the clone at `root`, or for an installed package in the user's cache, one for
    this version of the sources."""
    if not (INSTALLED and root == DATA_ROOT):
        return root / BINARY.parents[1]
    cache = environ.get("XDG_CACHE_HOME", "").strip() or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(cache) / "protocol-arena" / f"calculator-{digest(root / 'calculator')[:16]}"


class NoCalculator(ConfigError):
    """The calculator is missing, and so is cargo to build it."""


def ensure_built(
    root: Path, notify: Callable[[str], None], environ: Mapping[str, str] | None = None, live: bool = False
) -> Path:
    """Return the path of an up-to-date calculator, building it first if necessary.

    ARENA_CALCULATOR_BIN in `environ` (default: the process's) is used unchanged. `live`: standard error is a terminal,
    on which cargo may draw. Raises NoCalculator if cargo is missing too, ConfigError when that file or the crate's
    sources do not exist, UsageError when the build fails; all before any call of a run.
    """
    environ = os.environ if environ is None else environ
    binary = binary_path(root, environ)
    if environ.get("ARENA_CALCULATOR_BIN", "").strip():
        if not os.access(binary, os.X_OK) or binary.is_dir():
            raise ConfigError(f"ARENA_CALCULATOR_BIN names {binary}, which is not an executable file")
        return binary
    if binary == root / SHIPPED_BINARY:
        return binary
    crate = root / "calculator"
    if not (crate / "Cargo.toml").is_file():
        raise ConfigError(f"there is no calculator in {crate}: run from a clone, or use --calculator-provider none")
    if is_fresh(binary, crate):
        return binary
    cargo = find_cargo(environ)
    if cargo is None:
        if binary.is_file():
            notify(
                f"calculator: older than its sources, and cargo is missing to rebuild it; the old one is used. {GET_CARGO}"
            )
            return binary
        raise NoCalculator(
            f"the calculator is not built, and cargo is missing: {GET_CARGO}, and a C compiler; then"
            " repeat this. To play without tools (players compute nothing): --calculator-provider none"
        )
    notify("building the calculator (cargo build --release): this takes some minutes, once ...")
    _cargo_build(cargo, crate, target_folder(root, environ), environ, None if live else notify)
    if not binary.is_file():
        raise UsageError(f"cargo built the calculator, but {binary} does not exist: check calculator/Cargo.toml")
    mark(binary, crate)
    return binary


def find_cargo(environ: Mapping[str, str]) -> str | None:
    """Return the path of cargo: on the PATH, else where rustup puts it."""
    found = shutil.which("cargo", path=environ.get("PATH", ""))
    if found is None and environ.get("HOME"):
        found = shutil.which("cargo", path=str(Path(environ["HOME"]) / ".cargo" / "bin"))
    return found


_FOR_CARGO = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "CC", "AR", "CFLAGS", "LDFLAGS", "SSL_CERT_FILE"})
_FOR_CARGO_STARTS = ("CARGO_", "RUST")
_FOR_CARGO_ENDS = ("_PROXY",)
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|_KEY$")


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `environ` that a build needs, without keys of models and tokens of registries.

    Build scripts and procedural macros of dependencies run with it.
    """
    return {
        name: value
        for name, value in environ.items()
        if not _SECRET.search(name.upper())
        and (
            name in _FOR_CARGO
            or name.startswith(_FOR_CARGO_STARTS)
            or name.upper().endswith(_FOR_CARGO_ENDS)
        )
    }


def _cargo_build(
    cargo: str, crate: Path, target: Path, environ: Mapping[str, str], notify: Callable[[str], None] | None
) -> None:
    # The target directory is explicit: CARGO_TARGET_DIR or a user's configuration would put the binary elsewhere.
    command = [cargo, "build", "--release", "--locked", "--bin", BINARY.name, "--target-dir", str(target)]
    # A toolchain that rustup holds is found through its proxies, which are next to cargo.
    path = os.pathsep.join((str(Path(cargo).parent), environ.get("PATH", "")))
    try:
        code, last = run_cargo(command, crate, {**build_environment(environ), "PATH": path}, notify)
    except OSError as error:
        raise UsageError(
            f"the calculator cannot be built: {cargo}: {error.strerror}. Mend that, or play without tools:"
            " --calculator-provider none"
        ) from error
    if code != 0:
        said = f":\n{last}\n" if last else "; its output is above. "
        raise UsageError(
            f"the calculator cannot be built (cargo build --release --locked in {crate} ended with {code}){said}"
            "Fix that, or play without tools: --calculator-provider none"
        )
