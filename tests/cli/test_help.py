"""Help: fits the terminal, the common flags first, all of them with --help-all, an example on every leaf."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.cli.commands import COMMANDS
from arena.cli.entry import help_text
from arena.cli.settings import COMMON
from arena.errors import UsageError
from arena.families.crypto.spec import SETTINGS
from arena.settings.flags import WIDEST_HELP, Parser
from tests.support.arena_rig import ROOT


def leaves(parser: Parser) -> Iterator[Parser]:
    """Yield a parser and those of its subcommands."""
    yield parser
    for row in parser._actions:
        if isinstance(row, argparse._SubParsersAction):
            for chosen in row.choices.values():
                yield from leaves(chosen)


def all_parsers() -> dict[str, Parser]:
    parsers = [importlib.import_module(command.module).parser() for command in COMMANDS.values()]
    return {leaf.prog: leaf for parser in parsers for leaf in leaves(parser)}


PARSERS = all_parsers()


def test_subcommands_are_leaves_too() -> None:
    assert {"arena run", "arena challenges lint", "arena export hf-dataset"} <= set(PARSERS)


@pytest.mark.parametrize("prog", PARSERS)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_fits_the_terminal(prog: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for text in (PARSERS[prog].format_help(), PARSERS[prog].format_short_help()):
        assert max(len(line) for line in text.splitlines()) <= min(columns, WIDEST_HELP)


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_list_of_commands_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = help_text().splitlines()
    assert max(map(len, lines)) <= min(columns, WIDEST_HELP)
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in COMMANDS)


@pytest.mark.parametrize("prog", PARSERS)
def test_help_ends_with_examples_of_its_command(prog: str) -> None:
    assert "\nexamples:\n" in PARSERS[prog].format_short_help()
    examples = str(PARSERS[prog].epilog).split("examples:\n")[1].splitlines()
    assert examples
    begin = "  python3 -m arena.run" if prog == "arena run" else f"  python3 -m {prog}"
    assert all(line.startswith(begin) for line in examples), examples


def test_examples_can_be_parsed() -> None:
    parsed = 0
    for prog, parser in PARSERS.items():
        for line in (parser.epilog or "").split("examples:\n")[-1].splitlines():
            words = line.replace("arena.run", "arena run").split()[len(["python3", "-m", *prog.split()]) :]
            if parser.leaf(words) is parser:
                parser.parse_args(words)
                parsed += 1
    assert parsed >= 20


def test_run_help_shows_common_flags_first() -> None:
    parser = PARSERS["arena run"]
    short, whole = parser.format_short_help(), parser.format_help()
    flags = {row.name: row.flags[0] for row in SETTINGS}
    assert 10 <= len(COMMON) <= 16
    assert all(f"  {flags[name]}" in short for name in COMMON)
    hidden = [row for row in SETTINGS if row.name not in COMMON]
    assert not any(f"  {row.flags[0]} " in short for row in hidden)
    assert f"{len(hidden)} more flags: `arena run --help-all`" in " ".join(short.split())
    for row in SETTINGS:
        shown = f"--no-{row.flags[0][2:]}" if row.kind == "flag" and row.default else row.flags[0]
        assert f"  {shown}" in whole


@pytest.mark.parametrize(("flag", "whole"), [("--help", False), ("-h", False), ("--help-all", True)])
def test_help_flag_chooses_short_or_whole(flag: str, whole: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        PARSERS["arena run"].parse_args([flag])
    assert ended.value.code in (0, None)
    assert ("--fsync" in capsys.readouterr().out) is whole


@pytest.mark.parametrize("prog", PARSERS)
def test_every_command_takes_help_all(prog: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        PARSERS[prog].parse_args(["--help-all"])
    assert capsys.readouterr().out == PARSERS[prog].format_help()


def test_flag_that_switches_off_says_what_it_does() -> None:
    text = " ".join(PARSERS["arena run"].format_help().split())
    assert "--no-ssl-verify accept any TLS certificate" in text and "do not:" not in text


def toy_parser() -> Parser:
    parser = Parser("arena x", examples=("arena x RUN --long-name VALUE",), description="Does x.")
    parser.add_argument("--long-name")
    parser.add_argument("--kind", choices=("red", "green"))
    return parser


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--long"], "unknown flag --long; did you mean --long-name? (`arena x --help` lists all)"),
        (["--zzz=1"], "unknown flag --zzz (`arena x --help` lists all)"),
        (["stray"], "unexpected argument 'stray' (`arena x --help` lists all)"),
        (["--long-name"], "--long-name: a value is missing; write --long-name LONG_NAME (`arena x --help` lists"),
        (["--kind", "gren"], "--kind: unknown name 'gren'; did you mean green? (there are: red, green) (`arena x"),
    ],
)
def test_mistake_is_one_usage_error(words: list[str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        toy_parser().parse_args(words)
    assert str(refused.value).startswith(says)


def test_file_without_its_flag_is_answered_with_the_flag(tmp_path: Path) -> None:
    parser = toy_parser()
    parser.add_argument("--rules", metavar="FILE")
    (tmp_path / "rules.json").touch()
    with pytest.raises(UsageError, match="unexpected argument '.*rules.json'; name a file with --rules"):
        parser.parse_args([str(tmp_path / "rules.json")])


def test_long_example_is_broken_before_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    assert toy_parser().format_help().endswith("\nexamples:\n  arena x RUN \\\n      --long-name VALUE\n")


def test_page_of_commands_lists_every_command() -> None:
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[:2] for line in page.splitlines() if line.startswith("| `")]
    assert [(name.strip("| `"), summary) for name, summary in rows] == [
        (name, command.summary) for name, command in COMMANDS.items()
    ]
