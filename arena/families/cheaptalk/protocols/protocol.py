"""The class of protocols, and the turns that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from arena.families.cheaptalk.prompts import (
    ALONE_SYSTEM,
    DECIDE_CUE,
    receiver_cue,
    receiver_system,
    sender_cue,
    sender_system,
)
from arena.families.cheaptalk.scene import ALONE, RECEIVER, SENDER, Scene
from arena.play.dialogue import Row
from arena.records import Transcript


@dataclass(frozen=True, slots=True)
class Protocol:
    """One row of the table.

    `id` is in cells and records, `title` in the predecessor's result files. `systems`: the system text of each
    seat.  `schedule`: the turns; it may look at the transcript so far.  `messages`: those of a whole episode.
    `asks`: the sender's second message answers questions, and is paid for as such.  `reputation`: episodes come in
    series in which a sender's reputation changes.
    """

    id: str
    title: str
    messages: int
    systems: Callable[[Scene], Mapping[str, str]]
    schedule: Callable[[Scene, Transcript], Iterator[Row]]
    asks: bool = False
    reputation: bool = False


def talk_systems(scene: Scene) -> dict[str, str]:
    """Return the system texts of a sender and a receiver, and of the sender asked alone, if it is."""
    found = {}
    if scene.message:
        if scene.belief:
            found[ALONE] = ALONE_SYSTEM
        found[SENDER] = sender_system(scene)
    found[RECEIVER] = receiver_system(scene)
    return found


def opening(scene: Scene) -> Iterator[Row]:
    """Yield the sender's message, after it was asked alone; nothing in a control without a message."""
    if not scene.message:
        return
    cue = sender_cue(scene)
    if scene.belief:
        yield Row(ALONE, cue=cue, hears=(), tools=False)
    yield Row(SENDER, cue=cue, hears=(RECEIVER,), tools=False)


def decision(scene: Scene, report: str = "") -> Row:
    """Return the receiver's decision. `report`: the verifier's report before it."""
    order = f"{report}\n{DECIDE_CUE}" if report else DECIDE_CUE
    return Row(RECEIVER, cue=receiver_cue(scene, order), hears=(SENDER,), tools=False)


def said(transcript: Transcript, seat: str) -> list[str]:
    """Return the public texts of a seat in order."""
    return [entry.text for entry in transcript.entries if entry.kind == "say" and entry.seat == seat]
