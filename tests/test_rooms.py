"""The rooms of the house: which folder may import which, and what no module may do.

A folder imports from its own row of LEVELS or from an earlier one. A new module needs no row; a new folder does.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "arena"

LEVELS: tuple[tuple[str, ...], ...] = (
    ("stops", "errors"),
    ("formats", "stats"),
    ("transcripts", "records", "messages"),
    ("settings", "store"),
    ("calculator", "providers", "policy"),
    ("play", "judging"),
    ("families",),
    ("engine",),
    ("analysis",),
    ("cli", "run", "__main__"),
)
"""Each row may import itself and the rows before it. Single modules are listed by name."""

LAZY = frozenset({
    "arena.cli.entry", "arena.cli.commands.risk", "arena.cli.commands.run", "arena.cli.commands.cheaptalk.command",
    "arena.engine.build", "arena.engine.finished", "arena.families.spec",
})  # fmt: skip
"""Modules that may import what was chosen by name from a static table, so that every command starts fast."""


FAMILIES = ("crypto", "cheaptalk", "risk")

OF_A_FAMILY: Mapping[str, tuple[str, ...]] = {
    "crypto": (
        "arena.cli.commands.run", "arena.cli.commands.challenges", "arena.cli.commands.calibrate",
        "arena.cli.commands.dataset", "arena.cli.challenge_", "arena.cli.dataset_steps",
        "arena.cli.commands.doctor",  # examines what `arena run` needs
        "arena.cli.commands.rejudge",  # offers the outcome rule of the family beside the settings of every judge
        "arena.cli.commands.export",  # its table names the format of the predecessor's leaderboard
    ),
    "cheaptalk": ("arena.cli.commands.cheaptalk.",),
    "risk": ("arena.cli.commands.risk", "arena.cli.risk.", "arena.analysis.risk."),
}  # fmt: skip
"""Family -> beginnings of the names of modules outside its folder that belong to it, or to its command."""


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(package: Path = PACKAGE) -> dict[str, ast.Module]:
    return {module_name(path, package): parse(path) for path in sorted(package.rglob("*.py"))}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def level(name: str) -> int | None:
    """Return the row of a module's folder; None for the package itself, which may be imported from everywhere."""
    parts = name.split(".")
    if len(parts) == 1:
        return None
    return next((row for row, folders in enumerate(LEVELS) if parts[1] in folders), -1)


def imports(tree: ast.AST, known: set[str]) -> Iterator[tuple[int, str]]:
    """Line and module of every import of `arena` anywhere; `from arena import x` names arena.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "arena":
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports in full"
            if (node.module or "").split(".")[0] == "arena":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield node.lineno, whole if whole in known else str(node.module)


def upward_imports(trees: Mapping[str, ast.Module]) -> list[str]:
    found = []
    for name, tree in trees.items():
        for line, target in imports(tree, set(trees)):
            own, other = level(name), level(target)
            if own is not None and other is not None and other > own:
                found.append(f"{name}:{line} imports {target}")
    return found


def imports_of_families(trees: Mapping[str, ast.Module]) -> list[str]:
    """Return the imports of one family's modules from elsewhere, except for what belongs to that family."""
    found = []
    for name, tree in trees.items():
        for line, target in imports(tree, set(trees)):
            family = target.split(".")[2] if target.startswith("arena.families.") else ""
            own = (f"arena.families.{family}", *OF_A_FAMILY.get(family, ()))
            if family in FAMILIES and not name.startswith(own):
                found.append(f"{name}:{line} imports {target}")
    return found


def cycle(trees: Mapping[str, ast.Module]) -> list[str]:
    """One cycle of imports as a list of modules; empty if there is none."""
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


def is_import(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("import_module", "__import__")
    return isinstance(node, ast.Import | ast.ImportFrom)


def imports_inside_functions(name: str, tree: ast.Module) -> list[str]:
    if name in LAZY:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [f"{name}:{inner.lineno}" for inner in ast.walk(node) if is_import(inner)]  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def package() -> dict[str, ast.Module]:
    """Every module of the package by its name, parsed once for all rules."""
    return modules()


def trees_of(**sources: str) -> dict[str, ast.Module]:
    return {name.replace("__", "."): ast.parse(source) for name, source in sources.items()}


def test_every_folder_has_a_level(package: dict[str, ast.Module]) -> None:
    assert len(package) > 20
    assert [name for name in package if level(name) == -1] == []


def test_every_level_names_what_exists() -> None:
    listed = [folder for row in LEVELS for folder in row]
    missing = [name for name in listed if not ((PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file())]
    assert missing == []


def test_folders_import_earlier_levels_only(package: dict[str, ast.Module]) -> None:
    assert upward_imports(package) == []


def test_an_upward_import_is_found() -> None:
    trees = trees_of(arena__store__a="from arena.engine import b", arena__engine__b="import arena.store.a")
    assert upward_imports(trees) == ["arena.store.a:1 imports arena.engine.b"]


def test_only_a_familys_own_modules_import_it(package: dict[str, ast.Module]) -> None:
    assert imports_of_families(package) == []


def test_every_module_of_a_family_is_one_that_imports_it(package: dict[str, ast.Module]) -> None:
    for family, names in OF_A_FAMILY.items():
        for own in names:
            targets = [target for name, tree in package.items() if name.startswith(own)
                       for _, target in imports(tree, set(package))]  # fmt: skip
            assert any(target.startswith(f"arena.families.{family}.") for target in targets), own


def test_an_import_of_a_family_is_found() -> None:
    trees = trees_of(
        arena__engine__b="import arena.families.risk.spec", arena__cli__risk__c="import arena.families.risk.spec"
    )
    assert imports_of_families(trees) == ["arena.engine.b:1 imports arena.families.risk.spec"]


def test_imports_make_no_cycle(package: dict[str, ast.Module]) -> None:
    assert cycle(package) == []


def test_a_cycle_is_found() -> None:
    trees = trees_of(
        arena__a="from arena.b import x", arena__b="def f():\n  import arena.c", arena__c="from arena import a"
    )
    assert cycle(trees) == ["arena.a", "arena.b", "arena.c", "arena.a"]


def test_no_module_shadows_the_standard_library(package: dict[str, ast.Module]) -> None:
    # `python3 arena/run.py` puts arena/ first on the path for a moment: a module called json would be found there.
    shadows = [name for name in package if name.count(".") == 1 and name.split(".")[1] in sys.stdlib_module_names]
    assert [name for name in shadows if name != "arena.__main__"] == []


def test_only_the_standard_library_is_imported(package: dict[str, ast.Module]) -> None:
    foreign = []
    for name, tree in package.items():
        for node in ast.walk(tree):
            tops = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            tops += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            foreign += [
                f"{name}: {top}" for top in tops if top.split(".")[0] not in {*sys.stdlib_module_names, "arena"}
            ]
    assert foreign == []


def test_nothing_is_imported_inside_functions(package: dict[str, ast.Module]) -> None:
    assert [place for name, tree in package.items() for place in imports_inside_functions(name, tree)] == []


@pytest.mark.parametrize("inner", ["import arena.b", "from arena import b", "importlib.import_module('arena.b')"])
def test_an_import_inside_a_function_is_found(inner: str) -> None:
    tree = ast.parse(f"import importlib\ndef f():\n    {inner}\n")
    assert imports_inside_functions("arena.a", tree) == ["arena.a:3"]
    assert imports_inside_functions("arena.engine.build", tree) == []


NAMED_APART = ("Verdict", "Tally", "Match", "Plan", "Done", "Setting", "Finding", "Verification", "Wiring", "Record")
"""Class names that once meant several things; each may be the name of one class at most."""


def places_of_classes(trees: Mapping[str, ast.Module], names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return name -> the modules that define a class of that name."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in found:
                found[node.name].append(module)
    return found


def test_a_name_with_several_meanings_is_given_to_one_class(package: dict[str, ast.Module]) -> None:
    places = places_of_classes(package, NAMED_APART)
    assert sum(map(bool, places.values())) >= 5
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_two_classes_of_one_name_are_found() -> None:
    trees = trees_of(arena__a="class Plan: ...", arena__b="class Plan: ...")
    assert places_of_classes(trees, ("Plan",)) == {"Plan": ["arena.a", "arena.b"]}
