"""Plays the baselines of challenges through the whole pipeline: scripts, the calculator, the mock judge."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from arena.calculator.carrier import GET_CARGO
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.engine.build import RunRequest, build_calculator
from arena.engine.finished import opened
from arena.errors import EXIT_INTERRUPTED, UsageError
from arena.families.crypto.baselines.family import write_plays
from arena.families.crypto.baselines.report import BaselineTally
from arena.families.crypto.baselines.spec import SPEC
from arena.families.crypto.challenges.instance import is_agreement, needs_calculator
from arena.families.crypto.challenges.members.open_talk import talk_is_right
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.spec import SPEC as CRYPTO
from arena.families.crypto.values import draw_alone, guess
from arena.families.spec import FamilySpec
from arena.messages import Calculator
from arena.records import Json, Record
from arena.settings.config import build_parser, read_config


def drawn(challenge: Mapping[str, Json], seed: str, key: str, calculator: Calculator | None) -> dict[str, Json] | None:
    """Return the values of the match with this seed and key, None for a challenge that draws none.

    Errors: UsageError if a value needs a calculator and there is none, or the calculator refuses the call.
    """
    instance = challenge.get("instance")
    if instance is None:
        return None
    if calculator is None and needs_calculator(instance):
        raise UsageError(
            f"{challenge['id']} draws values with the calculator, which is not built, and cargo is missing: {GET_CARGO}"
        )
    return guess(challenge, seed) if calculator is None else draw_alone(challenge, seed, key, calculator)


def play_baselines(
    challenges: Sequence[Mapping[str, Json]], file: Path, seeds: int, run_seed: int, console: Console
) -> BaselineTally:
    """Play every baseline of the challenges with `seeds` matches each, in a folder that is removed afterwards.

    Errors: UsageError if a challenge has no reference play. Errors during a run end in its records.
    """
    with tempfile.TemporaryDirectory() as folder:
        plays = Path(folder) / "plays"
        plays.mkdir()
        request = _request(SPEC, (challenges, file, plays, Path(folder) / "run"), seeds, run_seed, console)
        with build_calculator(request) as calculator:

            def draw(challenge: Mapping[str, Json], seed: str, key: str) -> dict[str, Json]:
                return drawn(challenge, seed, key, calculator) or {}

            write_plays(challenges, file.parent, plays, (seeds, run_seed), draw)
        if execute(request, console) == EXIT_INTERRUPTED:
            console.warn("interrupted: the rates are those of the matches that were played")
        tally = BaselineTally(
            agreed=frozenset(one["id"] for one in challenges if is_agreement(one["instance"]["truth"])),
            plain=frozenset(one["id"] for one in challenges if talk_is_right(one)),
        )
        for record in opened(Path(folder) / "run").records:
            tally.add(record)
    return tally


def played_references(
    challenge: Mapping[str, Json], file: Path, seeds: int, run_seed: int, console: Console
) -> list[Record]:
    """Return `seeds` matches of a challenge's reference play.

    Errors: UsageError if there is none, or if one of its matches did not reach the right result.
    """
    if "reference_play" not in challenge:
        raise UsageError(f"{challenge['id']} has no reference play to derive obligations from")
    with tempfile.TemporaryDirectory() as folder:
        play, out = file.parent / challenge["reference_play"], Path(folder) / "run"
        execute(_request(CRYPTO, ([challenge], file, play, out), seeds, run_seed, console), console)
        records = list(opened(out).records)
    for record in records:
        detail = detail_of(record)
        if detail is None or detail.checks.result is None or not detail.checks.result.ok:
            raise UsageError(f"{challenge['id']}: the reference play fails: `arena challenges play` shows how")
    return records


def _request(
    spec: FamilySpec,
    where: tuple[Sequence[Mapping[str, Json]], Path, Path, Path],
    seeds: int,
    run_seed: int,
    console: Console,
) -> RunRequest:
    """Return the request of a run that scripts play. `where`: the challenges, their file, the scripts, the run
    directory."""
    challenges, file, plays, out = where
    words = ["--challenges", str(file), "--challenge-ids", ",".join(one["id"] for one in challenges)]
    words += ["--seed", str(run_seed), "--repetitions", str(seeds), "--out", str(out), "--quiet"]
    words += ["--participant-provider", "scripted", "--participant-model", str(plays), "--judge-provider", "mock"]
    words += ["--continue-on-error"]
    declared = build_parser("arena challenges", spec.settings, "")
    config = read_config(words, os.environ, spec.settings, declared, mocks=spec.mocks)
    return RunRequest(spec, config, process_context(config, console))
