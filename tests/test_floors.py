"""The floors of the house: a module imports from its own floor or from lower ones, and nothing goes round in circles.

A new module is one row below. Floors: F0 words and formats, F1 settings, services and storage, F2 turns and judging,
F3 the families, F4 whole runs, F5 doors.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "arena"

FLOORS: dict[int, str] = {
    0: """
        arena arena.errors arena.records arena.messages arena.simpleyaml arena.yaml_scalars arena.strict_json
        arena.tables arena.flag_parser arena.markdown arena.code_hints arena.svg arena.stats arena.moments
        arena.bootstrap arena.paired_tests arena.power arena.reliability arena.agreement
    """,
    1: """
        arena.config arena.env arena.model_refs arena.setting_values arena.settings_docs arena.settings_table
        arena.schema arena.challenge_check arena.instance arena.instance_check arena.draws arena.expressions
        arena.results arena.gates arena.budget arena.prices arena.journal arena.rundir arena.digests
        arena.op_relations
        arena.services arena.transport arena.connections arena.descriptors arena.redaction arena.retry arena.wire
        arena.calculator arena.calculator_lambda arena.calculator_process arena.sigv4
        arena.providers arena.providers.*
    """,
    2: """
        arena.dialogue arena.tool_protocol arena.tool_description arena.call_reading arena.lenient_json arena.judge
        arena.judge_prompt arena.judge_panel arena.verdict arena.family
    """,
    3: "arena.crypto arena.crypto.*",
    4: """
        arena.execute arena.session arena.wiring arena.runner arena.summary arena.check_rates arena.progress
        arena.finished_run arena.console arena.manifest arena.interrupt arena.result_text arena.dry_run
        arena.verified_rates arena.report arena.report.*
        arena.rejudged arena.judge_agreement arena.judge_agreement_text
        arena.paired_runs arena.run_reliability arena.comparison arena.comparison_text arena.comparison_figure
        arena.verify arena.verify_records arena.verify_calls
        arena.verify_replay arena.verify_derived arena.verify_problems arena.verify_text
        arena.run_metrics arena.thresholds arena.ci_outputs arena.ci_files arena.junit arena.github
        arena.leaderboard arena.leaderboard_text arena.leaderboard_page arena.exports arena.exports.*
    """,
    5: "arena.door arena.run arena.__main__ arena.commands arena.commands.*",
}

LAZY = frozenset({"arena.__main__", "arena.run", "arena.wiring"})
"""Modules that may import what was chosen by name from a static table, so that every command starts fast."""


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(package: Path = PACKAGE) -> dict[str, ast.Module]:
    return {module_name(path, package): parse(path) for path in sorted(package.rglob("*.py"))}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def floor_of(name: str) -> int | None:
    for floor, text in FLOORS.items():
        for row in text.split():
            if name == row or (row.endswith(".*") and name.startswith(row[:-1])):
                return floor
    return None


def imports(tree: ast.AST, known: set[str]) -> Iterator[tuple[int, str]]:
    """Line and module of every import of `arena`, wherever it stands; `from arena import x` names arena.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "arena":
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide the floor"
            if (node.module or "").split(".")[0] == "arena":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield node.lineno, whole if whole in known else str(node.module)


def upward_imports(trees: dict[str, ast.Module]) -> list[str]:
    found = []
    for name, tree in trees.items():
        for line, target in imports(tree, set(trees)):
            own, other = floor_of(name), floor_of(target)
            if own is not None and other is not None and other > own:
                found.append(f"{name}:{line} (F{own}) imports {target} (F{other})")
    return found


def cycle(trees: dict[str, ast.Module]) -> list[str]:
    """One cycle of imports as a list of modules; empty where there is none."""
    graph = {
        name: sorted({target for _, target in imports(tree, set(trees))} & set(trees)) for name, tree in trees.items()
    }
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name not in done:
            for target in graph[name]:
                if found := walk(target, [*path, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def imports_inside_functions(name: str, tree: ast.Module) -> list[str]:
    if name in LAZY:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [
                f"{name}:{inner.lineno}" for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)
            ]
            found += [
                f"{name}:{inner.lineno}"
                for inner in ast.walk(node)
                if isinstance(inner, ast.Attribute) and inner.attr in ("import_module", "__import__")
            ]
    return found


def trees_of(**sources: str) -> dict[str, ast.Module]:
    return {name.replace("__", "."): ast.parse(source) for name, source in sources.items()}


def test_every_module_has_a_floor() -> None:
    names = modules()
    assert len(names) > 20
    missing = [name for name in names if floor_of(name) is None]
    assert not missing, f"add a row to FLOORS in tests/test_floors.py for {missing}"


def test_no_module_stands_on_two_floors() -> None:
    rows = [row for text in FLOORS.values() for row in text.split()]
    assert len(rows) == len(set(rows))


def test_imports_go_down_or_stay_on_the_floor() -> None:
    assert upward_imports(modules()) == []


def test_an_upward_import_would_be_found() -> None:
    trees = trees_of(arena__errors="from arena import config", arena__config="import arena.errors")
    assert upward_imports(trees) == ["arena.errors:1 (F0) imports arena.config (F1)"]


def test_imports_make_no_cycle() -> None:
    assert cycle(modules()) == []


def test_a_cycle_would_be_found() -> None:
    trees = trees_of(
        arena__a="from arena.b import x", arena__b="def f():\n  import arena.c", arena__c="from arena import a"
    )
    assert cycle(trees) == ["arena.a", "arena.b", "arena.c", "arena.a"]


def test_the_floor_that_a_module_names_is_its_row() -> None:
    wrong = []
    for name, tree in modules().items():
        named = re.search(r"\bFloor F([0-5])\b", ast.get_docstring(tree) or "")
        if named and int(named[1]) != floor_of(name):
            wrong.append(f"{name} says F{named[1]}, the table F{floor_of(name)}")
    assert wrong == []


def test_no_module_has_the_name_of_one_of_the_standard_library() -> None:
    # `python3 arena/run.py` puts arena/ first on the path for a moment: a module called json would be found there.
    shadows = [name for name in modules() if name.count(".") == 1 and name.split(".")[1] in sys.stdlib_module_names]
    assert [name for name in shadows if name != "arena.__main__"] == []


def test_only_the_standard_library_is_imported() -> None:
    foreign = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            tops = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            tops += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            foreign += [
                f"{name}: {top}" for top in tops if top.split(".")[0] not in {*sys.stdlib_module_names, "arena"}
            ]
    assert foreign == []


def test_nothing_is_imported_inside_functions() -> None:
    assert [place for name, tree in modules().items() for place in imports_inside_functions(name, tree)] == []


@pytest.mark.parametrize("inner", ["import arena.b", "from arena import b", "importlib.import_module('arena.b')"])
def test_an_import_inside_a_function_would_be_found(inner: str) -> None:
    tree = ast.parse(f"import importlib\ndef f():\n    {inner}\n")
    assert imports_inside_functions("arena.a", tree) == ["arena.a:3"]
    assert imports_inside_functions("arena.wiring", tree) == []
