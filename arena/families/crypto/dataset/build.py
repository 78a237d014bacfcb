"""Challenges and seeds -> requests to write matches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.errors import UsageError
from arena.families.crypto.challenges.lint import note_of
from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.challenges.validate import show, similar
from arena.families.crypto.dataset.generated import key_of
from arena.families.crypto.dataset.requests import Asked, Writing, request
from arena.families.crypto.values import draw_alone
from arena.formats.bounded import read_text
from arena.messages import Calculator
from arena.records import Json, trial_seed

TRAIN, HELD_OUT = "train", "heldout_eval"
MAX_NOTE_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class Selection:
    """A request for matches. `split`: of the challenges; None: all. `force`: also held-out challenges, marked."""

    seeds: Sequence[int]
    repetitions: int = 1
    split: str | None = TRAIN
    ids: Sequence[str] = ()
    limit: int | None = None
    force: bool = False


def chosen(challenges: ChallengeSet, selection: Selection) -> list[Mapping[str, Json]]:
    """Return the challenges of a selection.

    Errors: UsageError for an id that is not there, for nothing chosen, and for a held-out challenge without `force`.
    """
    known = {challenge["id"]: challenge for challenge in challenges.challenges}
    missing = [one for one in selection.ids if one not in known]
    if missing:
        raise UsageError(
            f"--challenge-ids: {show(missing[0])} is not in {challenges.path}{similar(missing[0], known)}; `arena"
            " challenges list` lists the ids"
        )
    found: list[Mapping[str, Json]] = [known[one] for one in selection.ids] or list(known.values())
    if not selection.ids and selection.split is not None:
        found = [challenge for challenge in found if challenge.get("split") == selection.split]
    found = found[: selection.limit]
    held = [challenge["id"] for challenge in found if challenge.get("split") != TRAIN]
    if held and not selection.force:
        raise UsageError(
            f"{held[0]} is held out for evaluation: a model that was trained on it cannot be measured with it;"
            " choose --split train, or give --force-held-out to write marked requests anyway"
        )
    if not found:
        raise UsageError(f"no challenge is in the split {selection.split!r}")
    return found


def requests(
    challenges: ChallengeSet, selection: Selection, writing: Writing, calculator: Calculator
) -> Iterator[dict[str, Json]]:
    """Yield a request per seed, repetition and challenge. Errors: as of `chosen` and `draw_alone`."""
    for challenge in chosen(challenges, selection):
        found = note_of(challenges, challenge)
        note = "" if found is None else read_text(challenges.path.parent / found, MAX_NOTE_BYTES)
        for seed in selection.seeds:
            for rep in range(selection.repetitions):
                key = key_of(challenge["id"], rep)
                values = draw_alone(challenge, trial_seed(seed, key), key, calculator)
                one = Asked(seed, key, challenge.get("split") != TRAIN)
                yield request(one, challenge, values, note, writing)
