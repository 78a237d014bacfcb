"""`arena cheaptalk`: a sender talks to a receiver about a claim; does the protocol make honesty pay?"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from arena.cli.commands.cheaptalk.aggregate_flags import add_flags
from arena.cli.console import Console
from arena.families.cheaptalk.experiments.presets import PRESETS, with_defaults
from arena.families.cheaptalk.spec import SPEC
from arena.settings.config import build_parser
from arena.settings.flags import Parser

_MODULES = "arena.cli.commands.cheaptalk"
_SHOWN = (
    "experiment", "num_tasks", "seed", "seeds", "dataset", "data", "protocols", "deviations", "information", "payoff",
    "participant_model", "sender_model", "receiver_model", "out", "resume", "workers", "dry_run",
)  # fmt: skip


class Leaf(NamedTuple):
    """One subcommand: its module, which offers `run(options, console)`, its line in the help, an example."""

    module: str
    summary: str
    example: str


LEAVES: dict[str, Leaf] = {
    "run": Leaf("play", "milestone 1, or what a file or flags describe", "--config config/cheaptalk/milestone1.yaml"),
    "deviations": Leaf("play", "milestone 2: the six deviations under P1, with controls", "--num-tasks 50"),
    "baselines": Leaf("play", "milestone 3: P1 against self-consistency and self-refine", "--k-samples 3"),
    "protocols": Leaf("play", "milestone 4: four deviations under P1, P2 and P3", "--seeds 42,123,456"),
    "all": Leaf("play", "milestones 2, 3 and 4 in one run; shared conditions are played once", "--workers 30"),
    "aggregate": Leaf("aggregate", "sum up the results of several seeds, also of files placed by hand", "--last"),
    "debug": Leaf("debug", "play one episode and print the findings of the verifier", "--deviations lie --llm-eval"),
    "validate": Leaf("validate", "check that everything an experiment needs is in place", ""),
}


def parser() -> Parser:
    """Declare the subcommands, and for each the flags of the family's table of settings; aggregate has its own."""
    declared = Parser(
        prog="arena cheaptalk",
        description="Does the protocol make honesty pay? `arena cheaptalk COMMAND --help` lists the flags.",
        examples=tuple(f"python3 -m arena cheaptalk {name} {leaf.example}".rstrip() for name, leaf in LEAVES.items()),
    )

    def leaf_parser(**given: Any) -> Parser:
        name = given["prog"].split()[-1]
        leaf = LEAVES[name]
        text = f"{leaf.summary[0].upper()}{leaf.summary[1:]}."
        example = f"python3 -m arena cheaptalk {name} {leaf.example}".rstrip()
        if name == "aggregate":
            plain = Parser(given["prog"], examples=(example,), description=text)
            add_flags(plain)
            return plain
        table = with_defaults(SPEC.settings, PRESETS[name])
        made = build_parser(given["prog"], table, text, (example,))
        made.show_first(_SHOWN)
        return made

    # argparse only calls it; a class would have to take apart the result of build_parser.
    commands = declared.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=cast("type[Parser]", leaf_parser)
    )
    for name, leaf in LEAVES.items():
        commands.add_parser(name, help=leaf.summary)
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the subcommand and return its exit code."""
    # Loaded here, by name: --help and usage errors need not wait for the modules of a run.
    module = importlib.import_module(f"{_MODULES}.{LEAVES[options.command].module}")
    act: Callable[[argparse.Namespace, Console], int] = module.run
    return act(options, console)
