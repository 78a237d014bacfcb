"""CONTRIBUTING.md, done as it says: the code in its recipes is put into a copy of the tree, and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.mutants import copy_tree
from tests.support.arena_rig import ROOT, environment
from tests.support.http_server import KEY, ModelServer

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

NEW_FILE = re.compile(r"new file `([^`]+)`:\s*\Z")
IN_FILE = re.compile(r"In `([^`]+)`, below `([^`]+)`:\s*\Z")
BELOW = re.compile(r"and below `([^`]+)`:\s*\Z")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """Code of a recipe. `anchor`: the line below which it goes; empty for a new file."""

    file: str
    anchor: str
    code: str


def steps(text: str) -> Iterator[Step]:
    """Yield what the text says to write where: each block of Python, by the words before it."""
    file, end = "", 0
    for block in BLOCK.finditer(text):
        before, end = text[end : block.start()], block.end()
        if block[1] != "python":
            continue
        if found := NEW_FILE.search(before):
            yield Step(found[1], "", block[2])
        elif found := IN_FILE.search(before):
            file = found[1]
            yield Step(file, found[2], block[2])
        elif found := BELOW.search(before):
            yield Step(file, found[1], block[2])
        else:
            raise AssertionError(f"nothing says where this code goes:\n{block[2]}")


def shell(text: str) -> list[str]:
    """Return the commands of the blocks that are to be run, one a line."""
    blocks = [block[2].replace("\\\n", " ") for block in BLOCK.finditer(text) if block[1] == "sh"]
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def carry_out(step: Step, tree: Path) -> None:
    path = tree / step.file
    if not step.anchor:
        assert not path.exists(), f"{step.file} is called new"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.code, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.strip() == step.anchor]
    assert len(places) == 1, f"{step.file} has {len(places)} lines `{step.anchor}`"
    lines.insert(places[0] + 1, step.code)
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which every recipe was followed."""
    folder = tmp_path_factory.mktemp("tree")
    copy_tree(ROOT, folder)
    for step in steps(TEXT):
        carry_out(step, folder)
    return folder


def run(line: str, tree: Path, **variables: str) -> str:
    """Carry out a command of the text; it must end with 0."""
    words = [sys.executable if word == "python3" else word for word in line.split()]
    done = subprocess.run(words, cwd=tree, env=environment(**variables), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_recipes_cover_a_provider_a_family_and_a_command() -> None:
    files = [step.file for step in steps(TEXT)]
    assert {"arena/providers/chat.py", "arena/providers/coin.py", "arena/families/toss/family.py",
            "arena/cli/commands/toss.py"} <= set(files)  # fmt: skip
    assert len(files) >= 12 and len(shell(TEXT)) >= 6


def test_new_family_and_command_play_verify_and_compare(tree: Path) -> None:
    (tosses, heads, verify, report, compare) = [line for line in shell(TEXT) if " toss" in line or "/toss" in line]
    assert re.search(r"^  toss +call coins$", run("python3 -m arena --help", tree), re.MULTILINE)
    said = run(tosses, tree)
    assert "8 of 8 tosses finished" in said and "called right: " in said
    assert "8 of 8 tosses finished" in run(heads, tree), "the new offline provider plays"
    assert "everything holds" in run(verify, tree)
    run(report, tree)
    assert "coin-0" in (tree / "state/runs/toss.html").read_text(encoding="utf-8")
    assert "challenge" not in run(compare, tree)


def test_new_endpoint_plays_at_the_address_of_its_variable(tree: Path) -> None:
    (line,) = [line for line in shell(TEXT) if "acme" in line]
    with ModelServer() as server:
        said = run(line, tree, ACME_API_KEY=KEY, ACME_BASE_URL=server.url)
    assert "1 of 1 matches finished" in said
    assert KEY.encode() not in b"".join(p.read_bytes() for p in (tree / "state/runs/acme").rglob("*") if p.is_file())


def test_new_parts_of_cheap_talk_are_played(tree: Path) -> None:
    (line,) = [line for line in shell(TEXT) if " cheaptalk " in line]
    assert "16 of 16 episodes finished" in run(line, tree)
    rows = (tree / "state/runs/recipes/matches.jsonl").read_text(encoding="utf-8").splitlines()
    details = [json.loads(json.loads(row)["score_detail"]) for row in rows]
    assert {(one["condition"]["protocol"], one["read"]["messages"]) for one in details} == {("p4_last_word", 4)}
    assert {one["condition"]["deviation"] for one in details} == {"honest", "flood"}
    assert {one["behaved"] for one in details if one["condition"]["deviation"] == "flood"} == {False}
    assert {one["verifier"]["match"] for one in details} <= {0.0, 1.0}


def test_recipes_keep_the_rules_of_the_house(tree: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_rooms.py"]
    done = subprocess.run(words, cwd=tree, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_code_without_a_place_is_noticed() -> None:
    with pytest.raises(AssertionError, match="nothing says where"):
        list(steps("Write this:\n\n```python\nx = 1\n```\n"))


def test_step_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("T = {\n}\n")
    carry_out(Step("a.py", "T = {", "    1: 2,\n"), tmp_path)
    assert (tmp_path / "a.py").read_text() == "T = {\n    1: 2,\n}\n"
    with pytest.raises(AssertionError, match="0 lines"):
        carry_out(Step("a.py", "U = {", ""), tmp_path)
    with pytest.raises(AssertionError, match="is called new"):
        carry_out(Step("a.py", "", ""), tmp_path)
