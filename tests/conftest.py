"""What every test gets: a clean environment, the clone's root, the calculator (built once)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.calculator.carrier import NoCalculator, ensure_built
from arena.errors import UsageError
from tests.support.arena_rig import arena
from tests.support.order import slow_first

ROOT = Path(__file__).resolve().parent.parent

# Variables that steer the arena or its HTTP calls. A developer's own must not change what a test sees.
CLEARED_ENDS = ("_API_KEY", "_BASE_URL", "_PROXY")
CLEARED_STARTS = ("ARENA_", "CRYPTOMATH_", "LAMBDA_", "AWS_", "OPENAI_", "ANTHROPIC_", "FIREWORKS_")
CLEARED_NAMES = ("NO_COLOR", "FORCE_COLOR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the slow files begin first: one that began last would leave all cores but one idle."""
    items[:] = slow_first(items, lambda item: item.nodeid.partition("::")[0])


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Programs that tests start can be interrupted, even if these tests run with SIGINT ignored (nohup, `&`)."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys, no addresses, no proxies, no .env: each test sets what it needs."""
    for name in list(os.environ):
        upper = name.upper()
        if upper.endswith(CLEARED_ENDS) or upper.startswith(CLEARED_STARTS) or upper in CLEARED_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("ARENA_NO_DOTENV", "1")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def calculator_binary(repo_root: Path) -> Path:
    """The calculator of the clone; skips where it is neither built nor cargo there, fails where the build does."""
    environ = {name: value for name, value in os.environ.items() if name != "ARENA_CALCULATOR_BIN"}
    try:
        return ensure_built(repo_root, lambda line: None, environ)
    except NoCalculator as error:
        pytest.skip(str(error))
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Path:
    """A small run with tools, mistakes, two repetitions and a judge with tools. Not to be changed: see copied_run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    words = ("--limit", "2", "--repetitions", "2", "--participant-model", "mock/careless", "--max-turns", "8")
    assert arena(*words, "--judge-tools", "--out", str(folder)).code == 0
    return folder


@pytest.fixture
def copied_run(finished_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "copy"))
