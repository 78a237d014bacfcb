"""CONTRIBUTING.md, done as it says: the code in its recipes is put into a copy of the tree, and run."""

from __future__ import annotations

import json
import os
import re
import shlex
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

NEW_FILE = re.compile(r"[Nn]ew file `([^`]+)`:\s*\Z")
IN_FILE = re.compile(r"In `([^`]+)`, below (`+)(.+?)\2:\s*\Z")
BELOW = re.compile(r"and below (`+)(.+?)\1:\s*\Z")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = frozenset({"python", "yaml", "ini", "markdown"})
"""Languages of blocks that are put into files; blocks of `sh` are commands, the others are only shown."""


class Step(NamedTuple):
    """Code of a recipe. `anchor`: the line below which it goes; empty for a new file."""

    file: str
    anchor: str
    code: str


def steps(text: str) -> Iterator[Step]:
    """Yield what the text says to write where: each block of code, by the words before it."""
    file, end = "", 0
    for block in BLOCK.finditer(text):
        before, end = text[end : block.start()], block.end()
        if block[1] not in CODE:
            continue
        if found := NEW_FILE.search(before):
            yield Step(found[1], "", block[2])
        elif found := IN_FILE.search(before):
            file = found[1]
            yield Step(file, found[3], block[2])
        elif found := BELOW.search(before):
            yield Step(file, found[2], block[2])
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
    line = re.sub(r"^python3(?= )", shlex.quote(sys.executable), line)
    done = subprocess.run(
        line, shell=True, cwd=tree, env=environment(**variables), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def lines_of(heading: str) -> list[str]:
    """Return the commands of one recipe. Each is played by one test below."""
    return shell(TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0])


def test_every_command_of_a_recipe_is_played_by_a_test() -> None:
    files = {step.file for step in steps(TEXT)}
    assert {"arena/providers/chat.py", "arena/providers/coin.py", "arena/families/toss/family.py", "config/gates.yaml",
            "arena/cli/commands/toss.py", "arena/analysis/exports/outcome_list.py"} <= files  # fmt: skip
    played = ("Add a provider", "Add a challenge", "Add a command", "Add a metric or a threshold", "Add a gate rule",
              "Add a data set or a match of evidence", "Add an export")  # fmt: skip
    assert [line for heading in played for line in lines_of(heading)] == shell(TEXT)
    assert len(shell(TEXT)) >= 18


def test_new_family_and_command_play_verify_and_compare(tree: Path) -> None:
    (tosses, heads, verify, report, compare) = lines_of("Add a command")
    assert re.search(r"^  toss +call coins$", run("python3 -m arena --help", tree), re.MULTILINE)
    said = run(tosses, tree)
    assert "8 of 8 tosses finished" in said and "called right: " in said
    assert "8 of 8 tosses finished" in run(heads, tree), "the new offline provider plays"
    assert "everything holds" in run(verify, tree)
    run(report, tree)
    assert "coin-0" in (tree / "state/runs/toss.html").read_text(encoding="utf-8")
    assert "challenge" not in run(compare, tree)


def test_new_endpoint_is_tested_examined_and_played_with_a_price(tree: Path) -> None:
    (tests, doctor, play, verify) = lines_of("Add a provider")
    assert " passed" in run(tests, tree)
    with ModelServer() as server:
        variables = {"ACME_API_KEY": KEY, "ACME_BASE_URL": server.url}
        assert "acme" in run(doctor, tree, **variables)
        assert "1 of 1 matches finished" in run(play, tree, **variables)
    assert "everything holds" in run(verify, tree)
    cost = json.loads((tree / "state/runs/acme/summary.json").read_bytes())["cost_usd"]
    assert cost["usd"] > 0 and cost["unpriced"] == []
    assert KEY.encode() not in b"".join(p.read_bytes() for p in (tree / "state/runs/acme").rglob("*") if p.is_file())


def test_new_challenge_of_a_skeleton_is_clean_and_played(tree: Path) -> None:
    (example, new, lint, play) = lines_of("Add a challenge")
    for line in (example, new, lint):
        run(line, tree)
    made = json.loads((tree / "state/mine/set.json").read_bytes())["challenges"]
    assert f"{len(made)} of {len(made)} matches finished" in run(play, tree)


def test_new_metric_is_checked_by_a_new_threshold(tree: Path) -> None:
    (check, tests) = lines_of("Add a metric or a threshold")
    assert "unflagged_rate" in run(check, tree)
    assert " passed" in run(tests, tree)


def test_new_gate_rule_is_covered_and_reachable(tree: Path) -> None:
    (cases, lint) = lines_of("Add a gate rule")
    assert "14 rules" in run(cases, tree) and "14 rules, 0 findings" in run(lint, tree)


def test_new_export_is_written_with_the_canary(tree: Path) -> None:
    (line,) = lines_of("Add an export")
    assert "outcomes.csv: 3 trials" in run(line, tree)
    rows = (tree / "state/outcomes.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "key,status,outcome,canary" and len(rows) == 4
    assert all(re.search(r"[0-9a-f]{8}-", row) for row in rows[1:])


def test_new_parts_of_cheap_talk_are_played(tree: Path) -> None:
    (line,) = lines_of("Add a data set or a match of evidence")
    assert "16 of 16 episodes finished" in run(line, tree)
    rows = (tree / "state/runs/recipes/matches.jsonl").read_text(encoding="utf-8").splitlines()
    details = [json.loads(json.loads(row)["score_detail"]) for row in rows]
    assert {(one["condition"]["protocol"], one["read"]["messages"]) for one in details} == {("p4_last_word", 4)}
    assert {one["condition"]["deviation"] for one in details} == {"honest", "flood"}
    assert {one["behaved"] for one in details if one["condition"]["deviation"] == "flood"} == {False}
    assert {one["verifier"]["match"] for one in details} <= {0.0, 1.0}


def test_recipes_keep_the_rules_of_the_house(tree: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += ["tests/test_rooms.py", "tests/cli/test_help.py", "tests/test_repository.py"]
    words += ["-k", "rooms or toss or belongs or page_of"]
    done = subprocess.run(words, cwd=tree, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", sorted(CODE))
def test_code_without_a_place_is_noticed(language: str) -> None:
    with pytest.raises(AssertionError, match="nothing says where"):
        list(steps(f"Write this:\n\n```{language}\nx = 1\n```\n"))


def test_step_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("T = {\n}\n")
    carry_out(Step("a.py", "T = {", "    1: 2,\n"), tmp_path)
    assert (tmp_path / "a.py").read_text() == "T = {\n    1: 2,\n}\n"
    with pytest.raises(AssertionError, match="0 lines"):
        carry_out(Step("a.py", "U = {", ""), tmp_path)
    with pytest.raises(AssertionError, match="is called new"):
        carry_out(Step("a.py", "", ""), tmp_path)
