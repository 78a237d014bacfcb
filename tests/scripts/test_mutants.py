"""The mutations: each still applies, and the script tells a killed one from one that survives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.mutants import FOLDER, BadMutation, Mutation, copy_tree, main, mutated, read_mutations, survives

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS = read_mutations(ROOT)
ROOMS = ("arena/engine/", "arena/store/", "arena/policy/", "arena/providers/")


def test_mutations_cover_the_rooms_that_hold_runs_together() -> None:
    files = [mutation.file for mutation in MUTATIONS]
    assert len(files) >= 69
    assert {room: sum(file.startswith(room) for file in files) >= 15 for room in ROOMS} == dict.fromkeys(ROOMS, True)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.name))
def test_mutation_applies_and_is_still_python(mutation: Mutation) -> None:
    compile(mutated(mutation, ROOT), mutation.file, "exec")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.name))
def test_tests_of_a_mutation_exist(mutation: Mutation) -> None:
    for test in mutation.tests:
        file, _, name = test.partition("::")
        path = ROOT / file
        assert path.exists(), test
        assert not name or f"def {name}(" in path.read_text(encoding="utf-8"), test


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree. Left as it is by what tries a mutation."""
    folder = tmp_path_factory.mktemp("tree")
    copy_tree(ROOT, folder)
    return folder


def test_mutation_that_a_test_notices_is_killed_and_taken_back(tree: Path) -> None:
    (mutation,) = [one for one in MUTATIONS if one.name == "torn last line is not cut"]
    before = (tree / mutation.file).read_bytes()
    assert not survives(mutation, tree)
    assert (tree / mutation.file).read_bytes() == before


def test_mutation_that_no_test_notices_survives(tree: Path) -> None:
    harmless = Mutation(
        "harmless", "arena/store/chain.py", "whether a records", "if a records", ("tests/store/test_reader.py",)
    )
    assert survives(harmless, tree)


def test_mutation_whose_tests_do_not_exist_is_an_error(tree: Path) -> None:
    nowhere = Mutation("nowhere", "arena/store/chain.py", "whether a records", "if a records", ("tests/none.py",))
    with pytest.raises(BadMutation, match="nowhere: pytest ended with 4"):
        survives(nowhere, tree)


@pytest.mark.parametrize(
    ("file", "old", "says"),
    [
        ("arena/none.py", "x", "does not exist"),
        ("arena/store/chain.py", "no such text", "holds the old text 0 times"),
        ("arena/store/chain.py", "return", "holds the old text 4 times"),
    ],
)
def test_mutation_that_does_not_apply_is_an_error(file: str, old: str, says: str) -> None:
    with pytest.raises(BadMutation, match=says):
        mutated(Mutation("m", file, old, "y", ("tests",)), ROOT)


def test_row_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "a.toml").write_text('[[mutation]]\nname = "m"\nfile = "f"\nold = "x"\nnew = "y"\ntests = []\n')
    with pytest.raises(BadMutation, match="a.toml: m: needs"):
        read_mutations(tmp_path)


def test_two_mutations_of_one_name_are_an_error(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    row = '[[mutation]]\nname = "m"\nfile = "f"\nold = "x"\nnew = "y"\ntests = ["t"]\n'
    (folder / "a.toml").write_text(row)
    shutil.copy(folder / "a.toml", folder / "b.toml")
    with pytest.raises(BadMutation, match="two mutations have one name: m"):
        read_mutations(tmp_path)


def test_list_names_every_mutation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert [mutation.name for mutation in MUTATIONS if f"{mutation.name}\n" not in listed] == []


def test_word_that_no_mutation_has_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "nothing of this name"]) == 2
    assert "no mutation has 'nothing of this name'" in capsys.readouterr().err
