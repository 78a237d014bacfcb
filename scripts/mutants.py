#!/usr/bin/env python3
"""Change the code in known ways, one at a time, and check that the tests notice.

    python3 scripts/mutants.py                       # every mutation
    python3 scripts/mutants.py --only reservation    # those whose name contains a word
    python3 scripts/mutants.py --list                # their names, files and tests

Mutations are rows of tests/mutants/*.toml: `name`, `file`, `old` (text that the file contains exactly once), `new`, and
`tests` (arguments of pytest). The changes are made in a copy of the tree in a temporary folder, never in the clone. A
mutation is killed if one of its tests fails. Exit codes: 0 all killed, 1 some survived, 2 no result: a mutation does
not apply, or its tests fail or cannot be run without it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "tests/mutants"

COPIED = (
    "arena", "config", "docs", "scripts", "src", "state/examples", "tests", "CHANGELOG.md", "CONTRIBUTING.md",
    "README.md", "pyproject.toml", ".env.example",
)  # fmt: skip
"""Files and folders that the tests of a mutation may need."""

BINARY = "calculator/target/release/crypto_calculator_cli"

PASSED, FAILED = 0, 1
"""Exit codes of pytest: all tests passed; some failed. The others mean that no test ran."""

MOST_SECONDS = 600
"""A mutation whose tests take longer than this counts as not applied: it gives no result."""


class BadMutation(Exception):
    """A mutation that cannot be applied, or whose tests say nothing about it."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of one place. `tests`: the files or test ids that must notice it; at least one of them fails."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_mutations(root: Path) -> list[Mutation]:
    """Return all mutations of a tree, by file and place. Errors: BadMutation for an incomplete row."""
    found: list[Mutation] = []
    names = {field.name for field in fields(Mutation)}
    for path in sorted((root / FOLDER).glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("mutation", []):
            if set(row) != names or not row["tests"]:
                raise BadMutation(f"{path.name}: {row.get('name', 'a row')}: needs {', '.join(sorted(names))}")
            found.append(Mutation(row["name"], row["file"], row["old"], row["new"], tuple(row["tests"])))
    doubled = {one.name for one in found if sum(other.name == one.name for other in found) > 1}
    if doubled:
        raise BadMutation(f"two mutations have one name: {', '.join(sorted(doubled))}")
    return found


def mutated(mutation: Mutation, root: Path) -> str:
    """Return the text of the mutation's file with the change made.

    Errors: BadMutation if the file is missing, or does not contain the old text exactly once, or nothing changes.
    """
    path = root / mutation.file
    if not path.is_file():
        raise BadMutation(f"{mutation.name}: {mutation.file} does not exist")
    text = path.read_text(encoding="utf-8")
    count = text.count(mutation.old)
    if count != 1:
        raise BadMutation(f"{mutation.name}: {mutation.file} holds the old text {count} times, not once")
    if mutation.old == mutation.new:
        raise BadMutation(f"{mutation.name}: the new text is the old one")
    return text.replace(mutation.old, mutation.new)


def copy_tree(root: Path, target: Path) -> None:
    """Copy the files that the tests need into a folder, without caches."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
    for name in COPIED:
        source, copy = root / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=ignored)
        else:
            shutil.copy2(source, copy)
    binary = Path(os.environ.get("ARENA_CALCULATOR_BIN") or root / BINARY)
    if binary.is_file():
        crate = target / "calculator"
        shutil.copytree(root / "calculator" / "src", crate / "src")
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy2(root / "calculator" / name, crate / name)
        built = target / BINARY
        built.parent.mkdir(parents=True)
        shutil.copy(binary, built)  # without its times: newer than its sources, so nothing is built again


def run_tests(tree: Path, tests: Sequence[str], timeout: float = MOST_SECONDS) -> tuple[int, str]:
    """Return pytest's exit code for some tests of a tree, and its last lines. Errors: BadMutation at the timeout."""
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *tests]
    try:
        done = subprocess.run(
            words, cwd=tree, env=environ, capture_output=True, text=True, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BadMutation(f"the tests did not end within {timeout:g} s: {' '.join(tests)}") from None
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-12:])


def survives(mutation: Mutation, tree: Path) -> bool:
    """Return whether the tests pass with the change made; the tree is as before afterwards.

    Errors: BadMutation if it does not apply, or pytest ran no test.
    """
    path = tree / mutation.file
    changed, before = mutated(mutation, tree), path.read_bytes()
    path.write_text(changed, encoding="utf-8")
    try:
        code, said = run_tests(tree, mutation.tests)
    finally:
        path.write_bytes(before)
    if code not in (PASSED, FAILED):
        raise BadMutation(f"{mutation.name}: pytest ended with {code} and decided nothing\n{said}")
    return code == PASSED


def check_unchanged(mutations: Sequence[Mutation], tree: Path) -> None:
    """Errors: BadMutation if a test fails without any mutation: it could not detect one."""
    code, said = run_tests(tree, sorted({test for one in mutations for test in one.tests}), 4 * MOST_SECONDS)
    if code != PASSED:
        raise BadMutation(f"the tests do not pass without a mutation (pytest ended with {code})\n{said}")


def carry_out(mutations: Sequence[Mutation]) -> int:
    """Try all mutations on a copy of this tree and print the result of each. Return the exit code."""
    survivors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        copy_tree(ROOT, tree)
        for mutation in mutations:
            mutated(mutation, tree)  # mutations that no longer apply are reported before anything is run
        print(f"running the tests of {len(mutations)} mutations without any of them", flush=True)
        check_unchanged(mutations, tree)
        for number, mutation in enumerate(mutations, 1):
            alive = survives(mutation, tree)
            if alive:
                survivors.append(mutation.name)
            print(f"{number:3} {'SURVIVED' if alive else 'killed  '} {mutation.name} ({mutation.file})", flush=True)
    print(f"{len(mutations) - len(survivors)} of {len(mutations)} mutations killed")
    if survivors:
        print(f"survived: {', '.join(survivors)}; write a test that fails with it", file=sys.stderr)
    return 1 if survivors else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Change the code in known ways and see that the tests notice.")
    parser.add_argument("--only", metavar="WORD", default="", help="only mutations whose name or file holds WORD")
    parser.add_argument("--list", action="store_true", help="print the mutations and exit")
    options = parser.parse_args(argv)
    try:
        found = [one for one in read_mutations(ROOT) if options.only in one.name or options.only in one.file]
        if not found:
            raise BadMutation(f"no mutation has {options.only!r} in its name or file")
        if options.list:
            for one in found:
                print(f"{one.name}\n    {one.file}: {' '.join(one.tests)}")
            return 0
        return carry_out(found)
    except BadMutation as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
