"""The repository around the code: house rules, and documents that describe the files."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena import __version__
from arena.families.cheaptalk.spec import SETTINGS as CHEAPTALK
from arena.families.crypto.spec import SETTINGS
from arena.families.risk.spec import SETTINGS as RISK_SETTINGS
from arena.formats import simpleyaml
from arena.providers.chat import ENDPOINTS
from arena.settings.env import parse_dotenv
from arena.settings.table import VARIABLES

ROOT = Path(__file__).resolve().parent.parent

PRINTING = ("arena/run.py", "arena/__main__.py", "arena/cli/", "scripts/")
"""Files that may print."""

NO_VARIABLES = frozenset({"AWS_IAM"})
"""Words of the same shape that name something else: AWS_IAM is an authentication type."""

VARIABLE_NAME = re.compile(
    r"(?:ARENA|AWS|LAMBDA|CRYPTOMATH|OPENAI|ANTHROPIC|FIREWORKS|GROQ|TOGETHER|OPENROUTER|MISTRAL|DEEPSEEK)_[A-Z0-9_]+"
    r"|NO_COLOR|FORCE_COLOR"
)
MAX_LINES, MAX_FUNCTION, MAX_PARAMETERS = 400, 60, 7


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Every module of package and scripts by its short path, parsed once for all rules."""
    return {short(path): ast.parse(path.read_text(encoding="utf-8")) for path in python_files("arena", "scripts")}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def listed_variables() -> set[str]:
    return set(parse_dotenv((ROOT / ".env.example").read_text(encoding="utf-8"), ".env.example"))


# House rules


def test_no_file_of_the_package_is_longer_than_400_lines() -> None:
    lengths = {
        short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files("arena", "scripts")
    }
    assert len(lengths) > 20
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_function_is_too_long_or_takes_too_many_parameters(trees: dict[str, ast.Module]) -> None:
    found = []
    for name, tree in trees.items():
        for node in functions(tree):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            arguments = node.args
            count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
            if length > MAX_FUNCTION or count > MAX_PARAMETERS:
                found.append(f"{name}:{node.lineno} {node.name}: {length} lines, {count} parameters")
    assert found == []


def test_only_the_command_line_prints(trees: dict[str, ast.Module]) -> None:
    found = []
    for name, tree in trees.items():
        if name.startswith(PRINTING):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
                found.append(f"{name}:{node.lineno}")
    assert found == []


def test_no_file_has_conflict_markers() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    marker = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)
    texts = [name for name in listed if name.endswith((".md", ".py", ".rs", ".toml", ".yaml", ".yml", ".json"))]
    assert len(texts) > 100
    assert [name for name in texts if marker.search((ROOT / name).read_text("utf-8", "replace"))] == []


def test_no_module_is_a_drawer() -> None:
    drawers = re.compile(r"(?:^|_)(?:utils?|helpers?|managers?|misc|common)$")
    assert [short(path) for path in python_files("arena", "scripts") if drawers.search(path.stem)] == []


def wholesale(tree: ast.AST) -> list[int]:
    """Lines of handlers for everything that do not raise it again as their last act."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or re.search(r"\b(?:Base)?Exception\b", ast.unparse(node.type)))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]


def test_nothing_is_caught_wholesale(trees: dict[str, ast.Module]) -> None:
    found = [name for name, tree in trees.items() if wholesale(tree)]
    # Where a bug of ours becomes a record of status `error` instead of a lost run, or a message instead of a traceback,
    # and where what the text of a player raises becomes that player's fault.
    assert set(found) <= {
        "arena/engine/processes.py",
        "arena/engine/runner.py",
        "arena/cli/entry.py",
        "arena/families/crypto/checks/player_text.py",
    }


@pytest.mark.parametrize(("body", "lines"), [("pass", [3]), ("raise", []), ("raise ValueError", [3])])
def test_a_wholesale_handler_would_be_found(body: str, lines: list[int]) -> None:
    assert wholesale(ast.parse(f"try:\n    f()\nexcept Exception:\n    {body}\n")) == lines


# Variables


def test_env_example_lists_exactly_the_known_variables() -> None:
    known = {row.env for row in (*SETTINGS, *CHEAPTALK) if row.env} | {row.name for row in VARIABLES}
    assert listed_variables() == known


def test_env_example_sets_nothing() -> None:
    values = parse_dotenv((ROOT / ".env.example").read_text(encoding="utf-8"), ".env.example")
    assert set(values.values()) == {""}


def test_every_variable_in_the_code_is_listed() -> None:
    code = [*python_files("arena", "scripts"), *sorted((ROOT / "scripts").glob("*.sh"))]
    used: dict[str, str] = {}
    for path in code:
        for name in VARIABLE_NAME.findall(path.read_text(encoding="utf-8")):
            if not name.endswith("_"):
                used.setdefault(name, short(path))
    assert len(used) > 20
    missing = {name: file for name, file in used.items() if name not in listed_variables() | NO_VARIABLES}
    assert missing == {}, "add them to VARIABLES in arena/settings/table.py and to .env.example"


def test_every_endpoint_has_its_key_and_address_listed() -> None:
    for endpoint in ENDPOINTS.values():
        assert {endpoint.key_variable, *endpoint.base_variables} <= listed_variables(), endpoint.name


def test_every_variable_is_in_the_configuration_page() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert [name for name in sorted(listed_variables()) if f"`{name}`" not in page] == []


# Makefile, CI, package


def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def targets(text: str) -> set[str]:
    return {name for line in re.findall(r"^\.PHONY: (.+)$", text, re.M) for name in line.split()}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is missing: install it with your package manager")
def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.strip().startswith("make ")}
    assert len(listed) >= 10
    assert listed == targets(makefile())


def test_every_script_that_make_calls_exists() -> None:
    called = set(re.findall(r"\bscripts/[\w.-]+", makefile()))
    assert "scripts/update_docs.py" in called
    assert [name for name in sorted(called) if not (ROOT / name).is_file()] == []


def test_ci_runs_what_make_ci_runs() -> None:
    script = ROOT / ".ci/run"
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert "\nmake ci\n" in text
    assert os.access(script, os.X_OK)


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_workflows_test_everything_and_fail_where_advisories_cannot_be_read() -> None:
    text = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    for command in ("make test", "make deny REQUIRED=1", "make workflows"):
        assert f"run: {command}\n" in text


def test_without_cargo_deny_the_check_is_skipped_and_required_it_fails(tmp_path: Path) -> None:
    for more, code, says in (((), 0, "skipped: cargo-deny is missing"), (("REQUIRED=1",), 2, "failed: cargo-deny")):
        environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
        make = str(shutil.which("make"))
        done = subprocess.run(
            [make, "--no-print-directory", f"SHELL={shutil.which('bash')}", "deny", *more],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code and says in done.stdout + done.stderr


@pytest.mark.parametrize("group", ["dev", "long", "package"])
def test_every_tool_is_pinned_with_its_digests(group: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = (ROOT / f"requirements/{group}.txt").read_text(encoding="utf-8")
    locked = re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==[^ ;]+", text, re.MULTILINE)
    for tool in project["dependency-groups"][group]:
        assert re.sub(r"\[.*\]", "", tool).split("==")[0] in locked
    blocks = re.split(r"(?m)^(?=[a-z])", text)
    assert len(blocks) > len(locked) >= len(project["dependency-groups"][group])
    assert all("--hash=sha256:" in block for block in blocks if block.strip())
    assert "--require-hashes -r requirements/$(1).txt" in makefile() and "://" not in text


def test_every_build_is_locked() -> None:
    builds = re.findall(r"cargo (?:build|test|clippy|check) --(?!version).*", makefile())
    assert builds and [line for line in builds if "--locked" not in line] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))
def test_a_workflow_pins_its_actions_and_needs_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    assert "pull_request_target" not in text and "permissions:\n  contents: read\n" in text
    if path.name == WITH_SECRET:
        assert set(re.findall(r"secrets\.(\w+)", text)) == {"GROQ_API_KEY"} and "pull_request:" not in text
    else:
        assert "secrets." not in text and "pull_request:" in text


@pytest.mark.long
def test_workflows_fit_the_schema_of_github(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="needs the package check-jsonschema (requirements/long.txt)")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "runs_on:"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    for paths, code in ((WORKFLOWS, 0), ([wrong], 1)):
        done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr


WITH_SECRET = "run-real-mvp.yml"
"""The one workflow that sees a secret; no pull request starts it."""


@pytest.mark.parametrize("name", ["run-demo.yml", WITH_SECRET])
def test_every_step_of_a_risk_workflow_is_a_make_target(name: str) -> None:
    text = (ROOT / ".github/workflows" / name).read_text(encoding="utf-8")
    commands = re.findall(r"^\s+run: (.+)$", text, re.M)
    assert len(commands) >= 5 and "run: |" not in text and "run: >" not in text
    assert all(re.fullmatch(r"make [a-z-]+", command) for command in commands)
    assert {command.split()[1] for command in commands} <= targets(makefile())


def test_manual_workflow_offers_what_the_command_takes() -> None:
    text = (ROOT / ".github/workflows" / WITH_SECRET).read_text(encoding="utf-8")
    inputs = set(re.findall(r"^      ([a-z_]+):$", text.partition("permissions:")[0], re.M))
    limits = {"max_calls", "max_total_tokens", "max_prompt_tokens", "max_completion_tokens", "temperature"}
    assert inputs == {"model", "mode", "trials", "seeds", "max_trials", "max_trails", "dry_run", "fail_on_budget",
                      "strict", *limits}  # fmt: skip
    passed = dict(re.findall(r"^      ([A-Z_]+): \$\{\{ (.+) \}\}$", text, re.M))
    assert {name for name in inputs if not any(f"inputs.{name}" in value for value in passed.values())} == set()
    assert set(passed) <= {row.env for row in RISK_SETTINGS} | {"STRICT"}


def test_the_package_needs_nothing_and_pins_its_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == []
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["project"]["scripts"] == {"arena": "arena.__main__:main"}
    tools = project["dependency-groups"]["dev"]
    assert {tool.split("==")[0] for tool in tools} == {"pytest", "ruff", "mypy", "zizmor", "pytest-xdist"}
    assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", tool) for tool in tools)


def test_the_citation_names_the_paper() -> None:
    citation = simpleyaml.load(ROOT / "CITATION.cff")
    paper = citation["preferred-citation"]
    assert paper["title"] == "Protocol Agent: What If Agents Could Use Cryptography In Everyday Life?"
    assert citation["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")


def test_the_version_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_all_settings_files_are_of_the_yaml_subset() -> None:
    files = sorted((ROOT / "config").glob("*.yaml"))
    assert {"marco_defaults.yaml", "prices.yaml"} <= {path.name for path in files}
    for path in files:
        assert isinstance(simpleyaml.load(path), dict), path.name


# What git keeps


@pytest.mark.skipif(shutil.which("git") is None, reason="git is missing: install it with your package manager")
@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("state/README.md", False),
        ("state/examples/run/manifest.json", False),
        ("state/runs/x/manifest.json", True),
        (".env", True),
        (".env.example", False),
        (".venv/bin/python", True),
        ("calculator/target/release/x", True),
        ("arena/__pycache__/x.pyc", True),
    ],
)
def test_git_ignores_outputs_and_secrets_but_not_the_examples(path: str, ignored: bool) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git clone: unpacked from an archive")
    done = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT)
    assert done.returncode == (0 if ignored else 1)


# The documents link to what is there


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "state/README.md"]:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                broken.append(f"{short(path)}: {target}")
    assert broken == []


def unmapped(readme: str, names: list[str]) -> list[str]:
    """The folders and top modules of the package that the map does not name."""
    tree = readme.partition("## The rooms")[2].partition("```")[2].partition("```")[0]
    named = set(re.findall(r"[a-z_]+(?:\.py|/)", tree))
    return [name for name in names if name not in named]


def test_readme_maps_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = sorted(f"{path.parent.name}/" for path in (ROOT / "arena").glob("*/__init__.py"))
    modules = sorted(path.name for path in (ROOT / "arena").glob("*.py") if path.name != "__init__.py")
    assert len(folders) > 10 and unmapped(readme, [*folders, *modules]) == []
    assert unmapped(readme, ["no_such_room/"]) == ["no_such_room/"]


def test_every_folder_says_what_belongs_in_it() -> None:
    silent = [
        short(path)
        for path in (ROOT / "arena").rglob("__init__.py")
        if len((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()) < 3
    ]
    assert silent == []
