"""The YAML subset: it reads what PyYAML reads, refuses what readers differ about, and raises only DataError."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.formats import simpleyaml

DATA = Path(__file__).resolve().parents[1] / "data" / "simpleyaml"
VALID: dict[str, Any] = json.loads((DATA / "valid.json").read_text(encoding="utf-8"))
REFUSED: list[dict[str, str]] = json.loads((DATA / "refused.json").read_text(encoding="utf-8"))["cases"]


def typed(value: Any) -> Any:
    """The value in a form in which 1, 1.0 and True differ, as do 0.0 and -0.0, and the order of keys counts."""
    if isinstance(value, dict):
        return ["map", *([key, typed(item)] for key, item in value.items())]
    if isinstance(value, list):
        return ["list", *map(typed, value)]
    return [type(value).__name__, repr(value)]


def refusal(text: str) -> str:
    with pytest.raises(DataError) as caught:
        simpleyaml.loads(text, "f.yaml")
    assert len(caught.value.issues) == 1
    return str(caught.value.issues[0])


def test_the_folders_of_cases_are_not_empty() -> None:
    assert len(VALID["cases"]) > 150
    assert len(REFUSED) > 90
    assert VALID["computed_with"].startswith("PyYAML 6.")


@pytest.mark.parametrize("case", VALID["cases"], ids=lambda case: case["name"])
def test_reads_the_same_as_pyyaml(case: dict[str, Any]) -> None:
    assert typed(simpleyaml.loads(case["yaml"], "f.yaml")) == typed(case["value"])


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: repr(case["yaml"])[:40])
def test_refuses_with_line_column_and_reason(case: dict[str, str]) -> None:
    assert refusal(case["yaml"]) == f"f.yaml: {case['place']}: {case['message']}"


def test_the_document_in_docs_reads_as_it_says(repo_root: Path) -> None:
    page = (repo_root / "docs" / "simpleyaml.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    value = simpleyaml.loads(example, "docs/simpleyaml.md")
    assert value["a key: in quotes"] == "it's"
    assert value["escapes"] == "tab \t, letter é, sign 😀"
    assert value["numbers"] == [12, -3, 0.5, 100000.0]
    assert value["nothing"] is None
    assert value["list"] == ["an item", {"key": "value", "other": 2}, ["a list in a list"]]
    assert value["kept"] == "line breaks stay\n  and so does deeper indentation\n"
    assert value["folded"] == "one paragraph in two lines"


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "y", "N"])
def test_booleans_of_yaml_1_1_are_text_in_quotes_and_refused_bare(word: str) -> None:
    assert simpleyaml.loads(f"a: '{word}'\n", "f") == {"a": word}
    assert "in quotes" in refusal(f"a: {word}\n")
    assert "in quotes" in refusal(f"{word}: 1\n")


def test_deep_nesting_is_read_up_to_the_bound_and_refused_beyond() -> None:
    depth = simpleyaml.MAX_DEPTH
    assert simpleyaml.loads("[" * depth + "]" * depth, "f") is not None
    assert "nested more than" in refusal("[" * 5000 + "]" * 5000)
    assert "nested more than" in refusal("- " * 5000 + "x")


def test_load_reads_utf8_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ü.yaml"
    path.write_bytes("a: ü\n".encode())
    assert simpleyaml.load(path) == {"a": "ü"}


def test_load_says_where_a_file_is_no_utf8_or_missing(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"a: 1\nbc: \xff\n")
    with pytest.raises(
        DataError, match=r"bad\.yaml: line 2, column 5: not UTF-8 \(column counted in bytes\); save the file as UTF-8$"
    ):
        simpleyaml.load(path)
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read"):
        simpleyaml.load(tmp_path / "none.yaml")


TOKENS = [
    "a", "key", "- ", "-", " ", "  ", "\n", "\n", ": ", ":", '"', "'", "[", "]", "{", "}", ",", ", ", "|", ">", "|-",
    ">+", "#", " # c", "1", "-", "0.5", "1e5", "true", "yes", "~", "\\", "\\u0041", "?", "&", "*", "!", "%", "@", "`",
    "---", "...", "\t", "é", "\x00", "\ud800", "\u2028", "\r", "\r\n", "\ufeff", "012", "=", "<<", "a: 1\n", "- x\n",
    "|\n  text\n", "[a, b]", "{a: b}", "\n    ", "9" * 30,
]  # fmt: skip


def outcomes_of_random_texts(seed: int, count: int) -> dict[str, int]:
    source = random.Random(seed)
    seen = {"read": 0, "refused": 0}
    for _ in range(count):
        text = "".join(source.choice(TOKENS) for _ in range(source.randint(0, 14)))
        try:
            value = simpleyaml.loads(text, "f")
        except DataError as error:
            assert error.issues[0].pointer.startswith("line "), text
            seen["refused"] += 1
        else:
            json.dumps(value, allow_nan=False)
            seen["read"] += 1
    return seen


def test_random_texts_are_read_as_json_values_or_refused() -> None:
    seen = outcomes_of_random_texts(20261120, 20_000)
    assert min(seen.values()) > 1000, seen


@pytest.mark.long
def test_many_random_texts_are_read_as_json_values_or_refused() -> None:
    for seed in range(20):
        outcomes_of_random_texts(seed, 50_000)
