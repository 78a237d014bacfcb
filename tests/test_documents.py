"""What the documents name exists: paths, flags, commands, make targets, anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("arena", "calculator", "config", "deploy", "docs", "scripts", "src", "state", "tests")

INVENTED = re.compile(
    r"arena/(?:families/toss|cli/commands/toss|providers/coin)\b[\w./]*|--tosses|-m arena toss"
    r"|arena/families/cheaptalk/(?:protocols/p4_last_word|deviations/flood|data/statements)\.py"
    r"|arena/analysis/exports/outcome_list\.py|state/(?:acme-prices\.yaml|skeleton\.json|mine\b[\w./]*|outcomes\.csv)"
    r"|src/crypto-challenges/reference_plays/ID\.json"
)
"""What CONTRIBUTING.md adds as an example; tests/test_contributing.py does what it says."""

PREDECESSOR = "docs/migration.md"
"""Its tables name what the predecessor had in the first column, so only the other columns are read."""

WRITTEN_BY_RUNS = re.compile(r"state/(?:runs|reports|results|datasets|sft_jobs)\b|calculator/target/")
SPELLED_IN_PARTS = frozenset({"--csv", "--markdown"})
"""Flags that the code builds from the names of forms."""

FOREIGN_FLAGS = frozenset({
    "--enable-auto-tool-choice", "--tool-call-parser", "--reasoning-parser", "--max-model-len",
    "--enable-prompt-tokens-details", "--jinja", "--reasoning-format", "--port", "--context-length",
    "--locked", "--bin", "--release", "--example", "--only-lambda-apis", "--check", "--abbrev", "--ff-only",
    "--array", "--cli-input-json", "--dependency", "--filename", "--parsable", "--wrap",
    "--follow-tags", "--branch", "--oneline", "--short", "--tags", "--abbrev-ref", "--quiet", "--spec", "--from",
})  # fmt: skip
"""Flags of cargo, git, ruff, pipx, uvx, sbatch, kubectl, aws and the servers in docs/providers.md."""


def documents() -> dict[str, str]:
    """Name -> text of every document but the history and the calculator's own."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "state").glob("*.md")]
    paths += [*(ROOT / "state/examples").glob("*.md"), ROOT / "src/crypto-challenges/README.md"]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(paths)
        if path.name != "CHANGELOG.md"
    }


def present(name: str, text: str) -> str:
    """The text without its parts about the predecessor, and without invented examples."""
    if name == "CONTRIBUTING.md":
        return INVENTED.sub("", text)
    if name != PREDECESSOR:
        return text
    return re.sub(r"^\| [^|]*(?:\\\|[^|]*)* \|", "|", text, flags=re.M)


def paths_of(text: str) -> Iterator[str]:
    for path in re.findall(rf"(?<![\w/.:-])(?:{'|'.join(FOLDERS)})/[\w./*-]*[\w/*]", text):
        if not WRITTEN_BY_RUNS.match(path):
            yield path


def missing_paths(text: str) -> list[str]:
    return [path for path in paths_of(text) if not any(ROOT.glob(path.rstrip("/")))]


def flags_of(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]\b", text)) - FOREIGN_FLAGS


def known_flags() -> set[str]:
    files = [*(ROOT / "arena").rglob("*.py"), *(ROOT / "scripts").iterdir(), *(ROOT / "calculator/src").rglob("*.rs")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files if path.is_file())
    flags = set(re.findall(r"[\"' ](--[a-z][a-z-]*[a-z])\b", code))
    return flags | SPELLED_IN_PARTS | {f"--no-{flag[2:]}" for flag in flags}


def commands_of(text: str) -> set[str]:
    return set(re.findall(r"python3 -m arena (?!COMMAND)([a-z]+)", text))


def targets_of(text: str) -> set[str]:
    return set(re.findall(r"(?:`|^|&& )make ([a-z][a-z-]*)", text, flags=re.M))


def anchor(heading: str) -> str:
    """The anchor that a Markdown reader gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def broken_anchors(name: str, text: str) -> list[str]:
    found = []
    for target, part in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        path = (ROOT / name).parent / target if target else ROOT / name
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
        if part not in map(anchor, headings):
            found.append(f"{target}#{part}")
    return found


def test_there_are_documents_to_check() -> None:
    texts = documents()
    assert len(texts) > 20 and {"README.md", "CONTRIBUTING.md", "RELEASING.md", PREDECESSOR} <= set(texts)
    assert len(set(paths_of(texts["README.md"] + texts["CONTRIBUTING.md"]))) > 20


@pytest.mark.parametrize("name", documents())
def test_paths_in_a_document_exist(name: str) -> None:
    assert missing_paths(present(name, documents()[name])) == []


@pytest.mark.parametrize("name", documents())
def test_flags_in_a_document_exist(name: str) -> None:
    assert flags_of(present(name, documents()[name])) - known_flags() == set()


@pytest.mark.parametrize("name", documents())
def test_commands_in_a_document_exist(name: str) -> None:
    assert commands_of(present(name, documents()[name])) <= set(COMMANDS)


@pytest.mark.parametrize("name", documents())
def test_make_targets_in_a_document_exist(name: str) -> None:
    targets = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    assert targets_of(documents()[name]) <= targets


@pytest.mark.parametrize("name", documents())
def test_anchors_in_a_document_exist(name: str) -> None:
    assert broken_anchors(name, documents()[name]) == []


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.stem != "README"))
def test_the_list_of_pages_names_every_page(page: str) -> None:
    assert f"({page})" in documents()["docs/README.md"]


def rooms_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and (path / "__init__.py").is_file())


def test_map_of_the_readme_names_the_rooms_within_rooms() -> None:
    map_ = documents()["README.md"].partition("## The rooms")[2].partition("```")[2].partition("```")[0]
    lines = {line.split("/")[0].strip(): line for line in map_.splitlines() if line.startswith("  ")}
    for room in ("analysis", "families"):
        inner = rooms_of(ROOT / "arena" / room)
        assert len(inner) >= 3 and [name for name in inner if f"{name}/" not in lines[room]] == []


def test_what_does_not_exist_is_found() -> None:
    assert missing_paths("see `arena/nowhere.py` and `arena/run.py`") == ["arena/nowhere.py"]
    assert flags_of("`--workers 4` or `--wokers`") - known_flags() == {"--wokers"}
    assert commands_of("python3 -m arena polish RUN") == {"polish"}
    assert targets_of("`make tea`") == {"tea"}
    assert broken_anchors("README.md", "[x](docs/verify.md#no-such-part)") == ["docs/verify.md#no-such-part"]
    assert present(PREDECESSOR, "| `arena/runner.py` | `arena/run.py` |") == "| `arena/run.py` |"
