"""Whatever is read from elsewhere is read or refused with a message: nothing else is raised, and nothing is written.

The targets share 50,000 cases here; `scripts/fuzz.py` carries out as many as it is told (`make chaos`: 1,000,000).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from arena.errors import ArenaError
from arena.families.cheaptalk.data.load import load as load_claims
from arena.families.cheaptalk.data.table import DATASETS
from arena.families.crypto.challenges.schema import load as load_challenges
from arena.families.crypto.rubric import RUBRIC
from arena.families.risk.imports.table import read_runs
from arena.formats import simpleyaml
from arena.judging.verdict import parse_verdict
from arena.play.tool_protocol import parse
from arena.policy.evaluator_file import read_evaluator
from arena.policy.gates_file import read_policy
from arena.store.journal import read_calls
from arena.store.reader import RecordFile
from tests.support.fuzz.campaign import PER, fuzz
from tests.support.fuzz.targets import TARGETS, Read, Target

SEED = 20261129


def test_targets_share_the_cases() -> None:
    assert sum(target.share for target in TARGETS) == PER == 50_000


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.name))
def test_no_case_of_a_target_raises_or_writes(target: Target, tmp_path: Path) -> None:
    found = fuzz(target, SEED, target.share, tmp_path)
    assert list(found.faults) == []
    assert found.read and (found.refused or target.name == "tool messages"), "both kinds of cases occur"


def test_reader_that_raises_is_found(tmp_path: Path) -> None:
    def case(rng: object, folder: Path) -> Read:
        return lambda: {}["key"]

    (fault,) = fuzz(Target("raises", 1, case), SEED, 1, tmp_path).faults
    assert fault.what.startswith("KeyError: 'key'")


def test_reader_that_writes_is_found(tmp_path: Path) -> None:
    def case(rng: object, folder: Path) -> Read:
        return lambda: (tmp_path / "new").write_text("x")

    (fault,) = fuzz(Target("writes", 1, case), SEED, 1, tmp_path).faults
    assert fault.what.startswith("open") and "new" in fault.what


def test_reader_that_refuses_without_a_word_is_found(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ArenaError("")

    (fault,) = fuzz(Target("is silent", 1, lambda rng, folder: refuse), SEED, 1, tmp_path).faults
    assert fault.what == "is refused without a word"


def through_file(read: Callable[[Path], object]) -> Callable[[str, Path], object]:
    def written(text: str, folder: Path) -> object:
        path = folder / "input"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return written


READERS: dict[str, Callable[[str, Path], object]] = {
    "tool message": lambda text, folder: parse(text),
    "judge reply": lambda text, folder: parse_verdict(RUBRIC, text),
    "YAML": lambda text, folder: simpleyaml.loads(text, "x.yaml"),
    "gates": lambda text, folder: read_policy(text, "gates.yaml", {}),
    "evaluator": lambda text, folder: read_evaluator(text, "evaluator.yaml"),
    "challenge file": through_file(load_challenges),
    "journal": through_file(lambda path: list(read_calls(path))),
    "records": through_file(lambda path: list(RecordFile(path))),
    "agent runs": through_file(lambda path: read_runs("tau2", [path], "m", "t")),
    "FEVER rows": through_file(lambda path: load_claims(DATASETS[0], path, "rows", skip_unusable=False)),
}
MB = 1_000_000
LARGE: dict[str, str] = {
    "words": "word " * (MB // 5),
    "quotes": '"' * MB,
    "backslashes": "\\" * MB,
    "100,000 brackets": "[" * 100_000,
    "100,000 braces that name a call": '{"tool_call":' * 100_000,
    "100,000 pairs of brackets": "[]" * 100_000,
    "100,000 closed brackets": "[" * 100_000 + "]" * 100_000,
    "one line": "x" * MB + "\n",
    "one number": "9" * MB,
    "one key": "k" * MB + ": 1\n",
    "a string": json.dumps({"verdict": "x" * MB}),
    "colons": "a:" * (MB // 2),
    "keys": "".join(f"k{number}: 1\n" for number in range(MB // 10)),
    "short lines": "- a\n" * (MB // 10),
    "indented lines": "".join(f"{' ' * depth}a:\n" for depth in range(1400)),
    "fences": "```json\n" * (MB // 8),
}
"""About 1 MB each."""
REPLIES = {
    "10 MB of words": "word " * (2 * MB),
    "10 MB of quotes": '"' * (10 * MB),
    "10 MB of backslashes": "\\" * (10 * MB),
    "10 MB of braces": '{"scores": ' * MB,
}
CASES = [(reader, what, text) for reader in READERS for what, text in LARGE.items()] + [
    (reader, what, text) for reader in ("tool message", "judge reply") for what, text in REPLIES.items()
]


@pytest.mark.parametrize(("reader", "what", "text"), CASES, ids=lambda value: value if len(value) < 40 else "")
def test_large_input_is_read_or_refused_in_linear_time(reader: str, what: str, text: str, tmp_path: Path) -> None:
    """What looked at each character from each other would need 10^12 steps here, and never end."""
    try:
        READERS[reader](text, tmp_path)
    except ArenaError as error:
        assert len(str(error)) < 200_000, "a thousand issues, each with the file's name, and no more"
