"""The calculator on AWS Lambda: the binary itself under cargo-lambda's emulator, and the contract test around it."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from arena.errors import UsageError
from scripts.lambda_package import (
    GLIBC,
    MACHINES,
    MAX_BYTES,
    build_command,
    check_binary,
    missing_tools,
    pack,
    read_elf,
)
from tests.support.lambda_rig import NEAR, ROOT, free_port, serving, tool

CONTRACT = ROOT / "scripts/cryptomath_lambda_contract_test.py"
HOST = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())


def contract(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ARENA_NO_DOTENV": "1", **environ}
    command = [sys.executable, str(CONTRACT), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


# The contract test: exit codes and table


@contextmanager
def impostor(body: bytes) -> Iterator[str]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_calculator_that_answers_otherwise_fails(calculator_binary: Path) -> None:
    version = b'{"ok":true,"result":{"catalogue":"0000","ops":[{"name":"ping"}]}}'
    with impostor(version) as url:
        done = contract("--url", url, "--binary", str(calculator_binary))
    assert done.returncode == 1, done.stderr
    assert re.search(r"^checks +passed +failed +skipped$", done.stdout, re.M)
    for place in ("catalogue: 1 ops", "examples, deterministic: modinv", "examples, randomised: random_bytes"):
        assert f"FAILED   {place}" in done.stdout
    assert "requests: GET: HTTP 200" in done.stdout
    assert re.search(r"^events +0 +0 +1$", done.stdout, re.M), "without an Invoke API, raw events are skipped"


def test_without_an_address_nothing_is_checked() -> None:
    done = contract()
    assert (done.returncode, done.stdout) == (2, "")
    assert "--url" in done.stderr and "CRYPTOMATH_LAMBDA_URL" in done.stderr


def test_where_nobody_answers_nothing_is_checked(calculator_binary: Path) -> None:
    done = contract("--url", f"http://127.0.0.1:{free_port()}/", "--binary", str(calculator_binary))
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was checked" in done.stderr


def test_a_half_set_key_is_named(calculator_binary: Path) -> None:
    url = "https://abc.lambda-url.eu-central-1.on.aws/"
    done = contract("--url", url, "--binary", str(calculator_binary), AWS_ACCESS_KEY_ID="AKIDEXAMPLE")
    assert done.returncode == 2
    assert "AWS_SECRET_ACCESS_KEY is missing" in done.stderr


# The package


def test_a_file_that_is_no_binary_for_lambda_is_refused() -> None:
    for data in (b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(100), b"\x7fELF\x02\x01" + b"\xff" * 58):
        with pytest.raises(ValueError):
            read_elf(data)
    with pytest.raises(UsageError, match="unusable"):
        check_binary(b"MZ", "x86_64")


@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is missing: it comes with the package binutils")
@pytest.mark.skipif(sys.platform != "linux", reason="reads a binary of Linux")
def test_glibc_versions_are_read_as_readelf_reads_them(calculator_binary: Path) -> None:
    shown = subprocess.run(["readelf", "-V", calculator_binary], capture_output=True, text=True, check=True).stdout
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"Name: GLIBC_([0-9.]+)", shown)}
    elf = read_elf(calculator_binary.read_bytes())
    assert versions and elf.glibc == max(versions)
    other = "arm64" if elf.machine == MACHINES["x86_64"][1] else "x86_64"
    with pytest.raises(UsageError, match=f"not for {other}"):
        check_binary(calculator_binary.read_bytes(), other)


def test_equal_binaries_give_equal_packages(tmp_path: Path) -> None:
    binary = tmp_path / "bootstrap"
    binary.write_bytes(b"\x7fELF" * 1000)
    pack(binary, tmp_path / "a.zip")
    os.utime(binary, (0, 0))
    pack(binary, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entry = archive.getinfo("bootstrap")
        assert archive.namelist() == ["bootstrap"]
        assert entry.external_attr >> 16 & 0o111 == 0o111
        assert archive.read("bootstrap") == binary.read_bytes()


@pytest.mark.parametrize("architecture", sorted(MACHINES))
def test_without_a_toolchain_and_docker_what_is_missing_is_named(architecture: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cargo: .*rustup"):
        build_command(architecture, {"PATH": str(tmp_path)})


def test_docker_is_used_where_the_toolchain_is_missing_and_only_there(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 0\n")
    docker.chmod(0o755)
    command, _, binary = build_command("arm64", {"PATH": str(tmp_path)})
    assert command[:5] == [str(docker), "run", "--rm", "--platform", "linux/arm64"]
    assert command[-3:] == ["lambda", "--bin", "bootstrap"]
    assert binary == ROOT / "calculator/target/docker-arm64/release/bootstrap"
    docker.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(UsageError, match="Docker"):
        build_command("arm64", {"PATH": str(tmp_path)})


# The binary under the emulator


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The binary for this machine's architecture, built as `make lambda` builds it, out of its package."""
    if HOST is None:
        pytest.skip(f"Lambda knows no {platform.machine()}")
    environ = {**os.environ, "PATH": f"{NEAR}{os.pathsep}{os.environ['PATH']}"}
    if missing := missing_tools(HOST, environ):
        pytest.skip("; ".join(missing))
    folder = tmp_path_factory.mktemp("lambda")
    script, package = str(ROOT / "scripts/lambda_package.py"), folder / "x.zip"
    command = [sys.executable, script, "--architecture", HOST, "--out", str(package)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{package}\n"
    with zipfile.ZipFile(package) as archive:
        binary = Path(archive.extract("bootstrap", folder))
    binary.chmod(0o755)
    return binary


@pytest.fixture(scope="module")
def emulator(bootstrap: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of cargo-lambda's emulator with the binary running behind it."""
    cargo_lambda, port, folder = tool("cargo-lambda", "cargo-lambda"), free_port(), tmp_path_factory.mktemp("emulator")
    command = [cargo_lambda, "lambda", "watch", "--only-lambda-apis", "-A", "127.0.0.1", "-P", str(port)]
    function = {
        "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt",
        "AWS_LAMBDA_FUNCTION_NAME": "_",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }
    with serving(command, port, ROOT / "calculator", folder / "log", dict(os.environ)):
        process = subprocess.Popen([bootstrap], env=function, stdin=subprocess.DEVNULL)
        try:
            time.sleep(0.2)
            if process.poll() is not None:
                pytest.skip("the binary does not start here: this machine's C library is older than 2.34, or its CPU")
            yield port
        finally:
            process.terminate()
            process.wait(10)


@pytest.mark.long
def test_the_package_runs_on_amazon_linux_2023_and_is_small(bootstrap: Path) -> None:
    data = bootstrap.read_bytes()
    elf = read_elf(data)
    assert elf.glibc is not None and elf.glibc <= GLIBC
    assert len(data) <= MAX_BYTES == 7_000_000


@pytest.mark.long
def test_the_contract_holds_under_the_emulator(emulator: int, calculator_binary: Path) -> None:
    url = f"http://127.0.0.1:{emulator}/lambda-url/_"
    done = contract("--url", url, "--binary", str(calculator_binary), "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.findall(r"^(\w[\w, ]*?) +(\d+) +(\d+) +(\d+)$", done.stdout, re.M)
    assert [group for group, *_ in counts] == [
        "catalogue",
        "examples, deterministic",
        "examples, randomised",
        "requests",
        "events",
    ]
    assert all(int(passed) > 0 and failed == "0" for _, passed, failed, _ in counts)


@pytest.mark.long
def test_signed_calls_are_answered_too(emulator: int, calculator_binary: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-secret", "AWS_REGION": "eu-central-1"}
    url = f"http://127.0.0.1:{emulator}/lambda-url/_"
    done = contract("--binary", str(calculator_binary), CRYPTOMATH_LAMBDA_URL=url, **keys)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_cargo_lambda_invoke_gets_the_bare_answer(emulator: int, tmp_path: Path) -> None:
    command = [tool("cargo-lambda", "cargo-lambda"), "lambda", "invoke", "_", "--invoke-address", "127.0.0.1"]
    command += ["--invoke-port", str(emulator), "--data-ascii", '{"op":"modinv","args":{"a":"3","mod":"11"}}']
    done = subprocess.run(command, cwd=ROOT / "calculator", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"ok": True, "result": "4"}


@pytest.mark.long
def test_outside_lambda_the_binary_says_what_it_is_for(bootstrap: Path) -> None:
    done = subprocess.run([bootstrap], env={}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "AWS_LAMBDA_RUNTIME_API is not set" in done.stderr


def test_the_tools_of_the_long_tests_are_pinned() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert all(re.fullmatch(r"[a-z-]+(\[[a-z]+\])?==[0-9.]+", tool) for tool in groups["long"])
    assert {re.split(r"[\[=]", tool)[0] for tool in groups["long"]} >= {"awscli", "cargo-lambda", "moto", "ziglang"}
