"""docs/threat-model.md: each promise names a test, and the test is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from arena.analysis.verify.verify import INTEGRITY

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 30 and len(set(NAMED)) == len(NAMED)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_its_test() -> None:
    promises = re.findall(r"^- .*?(?=^- |^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(promises) > 30
    assert [text for text in promises if not re.search(r"`tests/\S+::test_\w+`", text)] == []


def test_verify_says_what_it_does_not_prove() -> None:
    assert "integrity, not authorship" in INTEGRITY and "No file can show" in INTEGRITY
