"""What the tests of the Lambda carrier and its deployment share: tools of the group `long`, servers on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEAR = Path(sys.executable).parent
"""Where pip puts the programs of the Python that runs the tests."""


def tool(name: str, package: str) -> str:
    """Return the path of a program; skips the test and says how to get it where it is missing."""
    found = shutil.which(name, path=str(NEAR)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is missing: `make test-long` installs it, or pip install '{package}'")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(command: Sequence[str], port: int, cwd: Path, log: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Run a server until the block ends; fails the test with its log where it does not come up."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if process.poll() is not None:
                    break
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    yield
                    return
            time.sleep(0.1)
        pytest.fail(f"{Path(command[0]).name} does not listen on its port:\n{log.read_text()}", pytrace=False)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
