#!/usr/bin/env python3
"""Build the calculator for AWS Lambda (provided.al2023) and pack it: python3 scripts/lambda_package.py (`make lambda`).

Prints the path of the ZIP file on standard output, everything else on standard error. docs/lambda.md says more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.calculator.carrier import GET_CARGO, find_cargo  # noqa: E402
from arena.errors import ArenaError, ConfigError, UsageError  # noqa: E402
from arena.settings.env import load_dotenv  # noqa: E402

CRATE = ROOT / "calculator"
GLIBC = (2, 34)
"""The C library of Amazon Linux 2023, the system of the runtime provided.al2023."""

MAX_BYTES = 7 * 10**6
"""Largest stripped binary; a larger one starts more slowly."""

MACHINES = {"arm64": ("aarch64", 183), "x86_64": ("x86_64", 62)}
"""Lambda's name of an architecture -> (Rust's name, `e_machine` of the ELF header)."""

DOCKER_IMAGE = "rust:1.95-bullseye"
"""Its glibc, 2.31, is older than Lambda's, so binaries linked with it run there."""

_SHT_GNU_VERNEED = 0x6FFFFFFE


@dataclass(frozen=True, slots=True)
class Elf:
    """Facts about a binary: `e_machine`, and the highest GLIBC_x.y that it requires (None: it requires none)."""

    machine: int
    glibc: tuple[int, ...] | None


def read_elf(data: bytes) -> Elf:
    """Return the facts of a 64-bit little-endian ELF file. Raises ValueError for anything else.

    Source of the layout: System V ABI, "Object Files"; LSB Core 5.0, "Symbol Versioning".
    """
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    try:
        machine = struct.unpack_from("<H", data, 18)[0]
        (offset,) = struct.unpack_from("<Q", data, 40)
        size, count = struct.unpack_from("<HH", data, 58)
        # sh_type, sh_offset, sh_size, sh_link of each section
        sections = [struct.unpack_from("<4xI16xQQI", data, offset + i * size) for i in range(count)]
        names = [
            name
            for kind, start, _, link in sections
            if kind == _SHT_GNU_VERNEED
            for name in _needed(data, start, sections[link][1])
        ]
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"the ELF file is cut short or damaged ({error})") from error
    versions = [tuple(map(int, name[6:].split("."))) for name in names if name[:6] == "GLIBC_" and name[6:7].isdigit()]
    return Elf(machine, max(versions, default=None))


def _needed(data: bytes, start: int, strings: int) -> list[str]:
    """The version names of one .gnu.version_r section; `strings` is where its string table begins."""
    names: list[str] = []
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", data, start)
        entry = start + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, entry)
            begin = strings + name
            names.append(data[begin : data.index(b"\0", begin)].decode("ascii", "replace"))
            entry += step
        if following == 0:
            return names
        start += following


def check_binary(data: bytes, architecture: str) -> str:
    """Return one line about a binary that Lambda can run; raises UsageError for one that it cannot."""
    try:
        elf = read_elf(data)
    except ValueError as error:
        raise UsageError(f"the binary is unusable: {error}") from error
    if elf.machine != MACHINES[architecture][1]:
        raise UsageError(f"the binary is not for {architecture} (ELF machine {elf.machine})")
    needs = "no GLIBC version" if elf.glibc is None else "GLIBC " + ".".join(map(str, elf.glibc))
    if elf.glibc is not None and elf.glibc > GLIBC:
        raise UsageError(f"the binary needs {needs}, and Amazon Linux 2023 has 2.34: build it with cargo-lambda")
    if len(data) > MAX_BYTES:
        raise UsageError(f"the binary has {len(data)} bytes, more than {MAX_BYTES}: is it stripped?")
    return f"{architecture}, {len(data)} bytes, needs {needs}"


def pack(binary: Path, package: Path) -> None:
    """Write the ZIP file for Lambda. Equal binaries give equal bytes, so an unchanged one is recognised."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix: external_attr holds the mode
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    package.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


def tool_path(environ: Mapping[str, str]) -> str:
    """Return the PATH with the tools of this clone's .venv (`make lambda`) and of the running Python in front."""
    cargo = find_cargo(environ)
    near = [str(ROOT / ".venv" / "bin"), str(Path(sys.executable).parent)]
    return os.pathsep.join([*near, environ.get("PATH", ""), *([str(Path(cargo).parent)] if cargo else [])])


def missing_tools(architecture: str, environ: Mapping[str, str]) -> list[str]:
    """Return the parts that the local toolchain lacks to build for `architecture`, each with how to get it."""
    path = tool_path(environ)
    if find_cargo(environ) is None:
        return [f"cargo: {GET_CARGO}"]
    found = []
    if shutil.which("cargo-lambda", path=path) is None:
        found.append("cargo-lambda: `make lambda` installs it into .venv, or pip install cargo-lambda")
    if shutil.which("zig", path=path) is None and not _has_ziglang(path, environ):
        found.append("zig: `make lambda` installs it into .venv, or pip install ziglang")
    triple = f"{MACHINES[architecture][0]}-unknown-linux-gnu"
    asked = subprocess.run(
        ["rustc", "--print", "target-libdir", "--target", triple],
        env={**environ, "PATH": path},
        cwd=CRATE,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0 or not any(Path(asked.stdout.strip()).glob("libstd-*.rlib")):
        found.append(f"Rust's standard library for {triple}: rustup target add {triple}")
    return found


def _has_ziglang(path: str, environ: Mapping[str, str]) -> bool:
    python = shutil.which("python3", path=path)
    command = [python or sys.executable, "-m", "ziglang", "version"]
    return subprocess.run(command, env={**environ, "PATH": path}, capture_output=True, check=False).returncode == 0


def build_command(architecture: str, environ: Mapping[str, str]) -> tuple[list[str], dict[str, str], Path]:
    """Return command, environment and the binary it makes. Raises UsageError if neither toolchain nor Docker is."""
    rust = MACHINES[architecture][0]
    flags = ["--release", "--locked", "--features", "lambda", "--bin", "bootstrap"]
    env = {**environ, "PATH": tool_path(environ)}
    missing = missing_tools(architecture, environ)
    if not missing:
        triple = f"{rust}-unknown-linux-gnu.{GLIBC[0]}.{GLIBC[1]}"
        folder = CRATE / "target" / "lambda" / architecture
        flags += ["--target", triple, "--lambda-dir", str(folder), "--skip-target-check"]
        env["CARGO_TARGET_DIR"] = str(CRATE / "target")
        return ["cargo-lambda", "lambda", "build", *flags], env, folder / "bootstrap" / "bootstrap"
    docker = shutil.which("docker", path=environ.get("PATH", ""))
    if docker is None or subprocess.run([docker, "version"], capture_output=True, check=False).returncode != 0:
        raise UsageError(
            f"the calculator cannot be built for {architecture} here. Missing:\n  "
            + "\n  ".join(missing)
            + "\nWith a running Docker it would be built there instead; none answers"
        )
    print(f"not built locally ({'; '.join(missing)}): using Docker", file=sys.stderr)
    target = f"target/docker-{architecture}"
    platform = "linux/arm64" if architecture == "arm64" else "linux/amd64"
    command = [docker, "run", "--rm", "--platform", platform, "--user", f"{os.getuid()}:{os.getgid()}"]
    command += ["--volume", f"{CRATE}:/crate", "--workdir", "/crate", "--env", f"CARGO_TARGET_DIR=/crate/{target}"]
    command += ["--env", "CARGO_HOME=/tmp/cargo", DOCKER_IMAGE, "cargo", "build", *flags]
    return command, env, CRATE / target / "release" / "bootstrap"


def build(architecture: str, environ: Mapping[str, str]) -> Path:
    """Build the bin `bootstrap` for Lambda and return its path. Raises UsageError."""
    command, env, binary = build_command(architecture, environ)
    print(f"building the calculator for AWS Lambda ({architecture}) ...", file=sys.stderr)
    done = subprocess.run(command, cwd=CRATE, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise UsageError(f"{Path(command[0]).name} ended with {done.returncode}; its output is above")
    return binary


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--architecture", help="arm64 or x86_64 (default: LAMBDA_ARCHITECTURE, else arm64)")
    parser.add_argument("--binary", type=Path, help="pack this binary instead of building one")
    parser.add_argument("--out", type=Path, help="ZIP file to write (default: calculator/target/lambda/<arch>.zip)")
    flags = parser.parse_args(argv)
    try:
        environ = load_dotenv(os.environ, ROOT)
        architecture = flags.architecture or environ.get("LAMBDA_ARCHITECTURE", "").strip() or "arm64"
        if architecture not in MACHINES:
            raise ConfigError(f"LAMBDA_ARCHITECTURE: arm64 or x86_64, not {architecture!r}")
        binary = flags.binary or build(architecture, environ)
        package = flags.out or CRATE / "target" / "lambda" / f"{architecture}.zip"
        print(f"{binary}: {check_binary(binary.read_bytes(), architecture)}", file=sys.stderr)
        pack(binary, package)
    except ArenaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(package)
    return 0


if __name__ == "__main__":
    sys.exit(main())
