"""Plays cheap-talk runs for tests, through the command, in this process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from arena.cli.entry import main
from arena.engine.finished import opened
from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.episode_of_record import detail_of
from arena.families.cheaptalk.mock.provider import PLAYERS
from arena.messages import ModelRequest
from arena.records import Record
from tests.support.arena_rig import CLOCKED, Ended, folder_of


def command(*words: str) -> Ended:
    """Carry out `arena WORDS`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return Ended(code, out.getvalue(), err.getvalue(), folder_of(words))


def cheaptalk(*words: str) -> Ended:
    """Carry out `arena cheaptalk WORDS`."""
    ended = command("cheaptalk", *words)
    assert "internal error" not in ended.err, ended.err
    return ended


def records(folder: Path) -> list[Record]:
    return list(opened(folder).records)


def details(folder: Path) -> list[EpisodeDetail]:
    """Return the details of all episodes of a run; each of its records must have one."""
    found = [detail_of(record) for record in records(folder)]
    assert found and None not in found
    return [one for one in found if one is not None]


def by_condition(folder: Path) -> dict[tuple[str, str], list[EpisodeDetail]]:
    """Return (protocol, deviation) -> details."""
    found: dict[tuple[str, str], list[EpisodeDetail]] = {}
    for detail in details(folder):
        found.setdefault((detail.condition.protocol, detail.condition.deviation), []).append(detail)
    return found


def accuracy(found: list[EpisodeDetail]) -> float:
    return sum(one.verifier.label_correct for one in found) / len(found)


def payoff(found: list[EpisodeDetail]) -> float:
    return sum(one.payoff.paid for one in found) / len(found)


def gain(found: Mapping[tuple[str, str], list[EpisodeDetail]], protocol: str, deviation: str) -> float:
    return payoff(found[protocol, deviation]) - payoff(found[protocol, "honest"])


def unclocked(folder: Path) -> dict[str, bytes]:
    """Return every file of a run that holds no clock value, by relative path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in CLOCKED)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@contextlib.contextmanager
def watched(model: str = "careful") -> Any:
    """Yield the list of requests that the mock model is sent."""
    seen: list[ModelRequest] = []
    played: Callable[[ModelRequest], str] = PLAYERS[model]

    def watching(request: ModelRequest) -> str:
        # A conversation grows; what was sent is what it holds now.
        seen.append(request)
        sent.append(
            (request.key.seat, request.conversation.system, [one.text for one in request.conversation.messages])
        )
        return played(request)

    sent: list[tuple[str, str, list[str]]] = []
    players: dict[str, Any] = PLAYERS  # type: ignore[assignment]
    players[model] = watching
    try:
        yield sent
    finally:
        players[model] = played
