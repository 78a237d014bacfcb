"""What --dry-run expects of a plan, against what mock players then took: near the estimate, below the bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.engine.build import family_spec
from arena.engine.finished import family_of_run
from arena.families.contract import Bounds
from arena.formats.decode import encode
from arena.play.bounds import CallBounds, Dialogues, dialogue_bounds
from arena.settings.config import build_parser, read_config
from arena.store.finished_run import FinishedRun
from tests.support.arena_rig import Ended, command

FACTOR = 3
"""How far the truth may lie from the estimate of a usual plan, either way: mock players write less than real ones."""

USUAL: dict[str, tuple[str, ...]] = {
    "crypto": ("run", "--limit", "12"),
    "risk": ("risk", "run", "--trials", "2"),
    "risk, all slices": ("risk", "run", "--trials", "1", "--slices", "airline_certificates,indirect_injection"),
    "cheaptalk": ("cheaptalk", "run", "--num-tasks", "8"),
    "cheaptalk protocols": ("cheaptalk", "protocols", "--num-tasks", "4"),
    "cheaptalk baselines": ("cheaptalk", "baselines", "--num-tasks", "4"),
}
ODD: dict[str, tuple[str, ...]] = {
    "no tools": ("run", "--limit", "3", "--calculator-provider", "none"),
    "a judge who computes": ("run", "--limit", "2", "--judge-tools"),
    "few turns": ("run", "--limit", "3", "--max-turns", "2"),
    "players who err": ("run", "--limit", "3", "--participant-model", "mock/careless"),
    "rated evidence": ("cheaptalk", "run", "--num-tasks", "3", "--use-llm-evidence-eval"),
    "whole rules": ("run", "--limit", "2", "--tool-text", "full"),
}


def spent(ended: Ended, *kinds: str) -> dict[str, int]:
    """Return calls and tokens of these kinds of calls, from the journal."""
    lines = ended.calls(*kinds)
    usage = [line["reply"]["usage"] for line in lines]
    return {
        "calls": len(lines),
        "prompt_tokens": sum(one["prompt_tokens"] for one in usage),
        "completion_tokens": sum(one["completion_tokens"] for one in usage),
    }


def planned(folder: Path) -> Bounds:
    """Return what a dry run of a played plan says."""
    run = FinishedRun(folder)
    spec, identity = family_spec(run.manifest.identity.family), encode(run.manifest.identity)
    parser = build_parser("arena", spec.settings, "", ())
    config = read_config((), {"ARENA_NO_DOTENV": "1"}, spec.settings, parser, mocks=spec.mocks)
    return family_of_run(folder, identity).bounds(config)


@pytest.mark.parametrize("words", USUAL.values(), ids=USUAL)
def test_usual_run_is_near_its_estimate_and_below_its_bound(words: tuple[str, ...], tmp_path: Path) -> None:
    for kind, name, truth, part in compared(words, tmp_path / "run"):
        expected = getattr(part.expected, name)
        assert expected / FACTOR <= truth <= expected * FACTOR, (kind, name, truth, expected)
        assert truth <= getattr(part.most, name), (kind, name)


@pytest.mark.parametrize("words", ODD.values(), ids=ODD)
def test_unusual_run_is_below_its_bound(words: tuple[str, ...], tmp_path: Path) -> None:
    for kind, name, truth, part in compared(words, tmp_path / "run"):
        assert truth <= getattr(part.most, name), (kind, name)


def compared(words: tuple[str, ...], out: Path) -> Iterator[tuple[str, str, int, CallBounds]]:
    """Play a plan and yield kind of calls, what was counted, how much of it, and what a dry run says."""
    ended = command(*words, "--out", out, "--quiet")
    assert ended.code == 0, ended.text
    bounds = planned(out)
    for kind, part in (("model", bounds.players), ("judge", bounds.judge)):
        for name, truth in spent(ended, kind).items():
            yield kind, name, truth, part


def test_estimate_and_bound_grow_with_the_plan() -> None:
    one, ten = (dialogue_bounds(Dialogues(number, 15, 10, 2, 4000, 6000)) for number in (1, 10))
    for small, large in ((one.expected, ten.expected), (one.most, ten.most)):
        assert large.calls == 10 * small.calls and large.prompt_tokens == 10 * small.prompt_tokens


def test_repeated_prompts_are_those_of_one_conversation_alone() -> None:
    alone = dialogue_bounds(Dialogues(5, 1, 0, 1, 4000, 4000)).expected
    assert alone.repeated_tokens == 0 < alone.prompt_tokens
    long = dialogue_bounds(Dialogues(5, 10, 0, 1, 4000, 4000)).expected
    assert long.prompt_tokens * 0.8 < long.repeated_tokens < long.prompt_tokens
