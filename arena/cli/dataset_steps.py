"""Shared by steps of `arena dataset`: open runs, decide which matches are fit, play generated matches."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.engine.build import RunRequest, build_calculator
from arena.engine.finished import open_run, training_of
from arena.errors import UsageError
from arena.families.crypto.dataset.fit import Fitness, fitness_of, read_generated
from arena.families.crypto.dataset.generated import Generated, encode_line
from arena.families.crypto.spec import SPEC
from arena.formats.tables import printable, text_table
from arena.messages import Calculator
from arena.records import Json
from arena.settings.config import build_parser, read_config
from arena.store.finished_run import FinishedRun
from arena.store.rundir import write_output

GENERATED, GROUNDED = "transcripts.jsonl", "grounded"


def request(console: Console, words: list[str]) -> RunRequest:
    declared = build_parser("arena dataset", SPEC.settings, "")
    config = read_config([*words, "--quiet"], os.environ, SPEC.settings, declared, mocks=SPEC.mocks)
    console.set_up(console.quiet, False, config.environ)
    return RunRequest(SPEC, config, process_context(config, console))


@contextmanager
def calculator_of(console: Console) -> Iterator[Calculator]:
    with build_calculator(request(console, [])) as found:
        assert found is not None  # these commands have no flag that could leave it out
        yield found


def run_folders(paths: list[Path]) -> list[Path]:
    """Return the runs of paths: a run itself, or those that `dataset ground` made in a folder."""
    found: list[Path] = []
    for path in paths:
        inner = sorted((path / GROUNDED).glob("seed-*")) if (path / GROUNDED).is_dir() else [path]
        found += inner
    return found


def fitness(paths: list[Path]) -> Fitness:
    """Return the matches of runs that are fit for training, and the reasons why others are not."""
    found = Fitness()
    for folder in run_folders(paths):
        found.add(chosen(open_run(folder)).fitness)
    return found


class Chosen(NamedTuple):
    """The parts of a run that rows use. `about`: key -> description of its trial in a row.  `rewards`: (key, seat) ->
    reward, if the family gives one.  `earned`: value of the score -> the seats responsible for it; other values concern
    all."""

    fitness: Fitness
    about: Mapping[str, Mapping[str, Json]]
    rewards: Mapping[tuple[str, str], float] | None
    earned: Mapping[str, Collection[str]]


def chosen(run: FinishedRun) -> Chosen:
    """Return the parts of a run that are fit for training. Errors: UsageError for a family without training data."""
    if run.manifest.family == SPEC.name:
        written = read_generated(run)
        varied = {key: {"variation": dict(made.variation)} for key, made in written.items() if made.variation}
        return Chosen(fitness_of(run, written), varied, None, {})
    own = training_of(run)
    if own is None:
        raise UsageError(f"{run.path}: the family {run.manifest.family} has no training data")
    return Chosen(Fitness(own.trials, own.keys, {}, own.reasons), own.about, own.rewards, own.earned)


def play_generated(by_seed: Mapping[int, Sequence[Generated]], out: Path, workers: int, console: Console) -> None:
    """Play written matches with the real calculator, a run for each seed, in `out`/grounded; a run there is resumed."""
    for seed, matches in sorted(by_seed.items()):
        folder = out / GROUNDED / f"seed-{seed}"
        written = out / f"seed-{seed}.{GENERATED}"
        write_output(written, b"".join(map(encode_line, matches)))
        ids = sorted({made.challenge_id for made in matches})
        words = ["--participant-provider", "generated", "--participant-model", str(written), "--seed", str(seed)]
        words += ["--challenge-ids", ",".join(ids), "--judge-provider", "mock", "--workers", str(workers)]
        words += ["--repetitions", str(1 + max(int(made.key.rpartition("_")[2]) for made in matches))]
        words += ["--out", str(folder), *(["--resume"] if (folder / "manifest.json").exists() else [])]
        execute(request(console, [*words, "--continue-on-error"]), console)


def say(console: Console, text: str) -> None:
    """Print a line about what was made, except for --quiet."""
    if not console.quiet:
        console.result(printable(text))


def reasons_text(reasons: Counter[str]) -> str:
    if not reasons:
        return "no match was left out"
    return text_table(
        ["left out because", "matches"], [[name, str(n)] for name, n in reasons.most_common()], frozenset({1})
    )


def _say(console: Console, text: str) -> None:
    if not console.quiet:
        console.result(printable(text))
