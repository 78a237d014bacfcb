"""Rows for preference training and for reinforcement learning, out of conversations and their scores. Pure.

Two conversations of one seat that are equal up to a reply, and got different rewards, make a pair: the same prompt,
the better reply, the worse one. They come from runs with one seed, of several models or of one model twice; and from
repetitions, if a family draws no new values for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from arena.analysis.dataset.conversations import Chat
from arena.families.verified import verified_of
from arena.records import Json, Record

VERIFIED = "verified"
"""The reward that is the mean of a match's verified grades."""


@dataclass(frozen=True, slots=True)
class Rewarded:
    """A conversation and its result. `values`: every number of the score by its name."""

    chat: Chat
    about: Mapping[str, Json]
    reward: float
    values: Mapping[str, Json]


def reward_of(record: Record, name: str) -> float | None:
    """Return a record's reward: a value of its score, or VERIFIED; None if it has none, or was not scored."""
    if not record.scored:
        return None
    if name == VERIFIED:
        found = verified_of(record)
        numbers = [] if found is None else [number for number in found.scores.values() if number is not None]
        return sum(numbers) / len(numbers) if numbers else None
    value = record.score.values.get(name)
    return None if value is None else float(value)


def values_of(record: Record) -> dict[str, Json]:
    """Return the numbers of a record's score, the verified ones with `verified/` before their names."""
    found = verified_of(record)
    capped = {} if found is None else {f"{VERIFIED}/{name}": number for name, number in found.scores.items()}
    return {**record.score.values, **capped}


def reward_rows(conversations: Iterable[Rewarded]) -> Iterator[dict[str, Json]]:
    """Yield `prompt`, `completion` (the last reply), `reward`, `rewards` by name, and the origin."""
    for one in conversations:
        yield {
            "prompt": one.chat[:-1],
            "completion": one.chat[-1:],
            "reward": one.reward,
            "rewards": dict(one.values),
            "about": dict(one.about),
        }


def preference_rows(conversations: Iterable[Rewarded], least: float) -> Iterator[dict[str, Json]]:
    """Yield `prompt`, `chosen`, `rejected` for each pair whose rewards differ by `least` or more.

    A pair is made with the best and with the worst conversation that went the same way until then, so that n
    conversations make fewer than n pairs.
    """
    for members in _with_equal_prompts(conversations):
        best = max(members, key=lambda one: one.reward)
        for one in members:
            if best.reward - one.reward < least or best.reward <= one.reward:
                continue
            place = _first_difference(best.chat, one.chat)
            if place is None:
                continue
            yield {
                "prompt": best.chat[:place],
                "chosen": [best.chat[place]],
                "rejected": [one.chat[place]],
                "rewards": {"chosen": best.reward, "rejected": one.reward},
                "about": {"chosen": dict(best.about), "rejected": dict(one.about)},
            }


def why_no_pair(conversations: Iterable[Rewarded], least: float) -> str:
    """Return why `preference_rows` found no pair in these conversations, and how to get pairs."""
    groups = [members for members in _with_equal_prompts(conversations) if len(members) > 1]
    if not groups:
        return (
            "no two conversations of one seat have the same prompt, since each repetition draws its own values:"
            " play the same seed in two runs (two models, or one model twice) and name both"
        )
    widest = max(max(one.reward for one in group) - min(one.reward for one in group) for group in groups)
    if widest < least or not widest:
        return f"the rewards of conversations with the same prompt differ by {widest:g} at most, --least is {least:g}"
    return "conversations with the same prompt differ first in what others said, so no reply is the reason"


def _with_equal_prompts(conversations: Iterable[Rewarded]) -> list[list[Rewarded]]:
    """Return the conversations by family, unit, seat and first message."""
    groups: dict[tuple[str, str, str, str], list[Rewarded]] = {}
    for one in conversations:
        about = one.about
        key = (str(about["family"]), str(about["unit"]), str(about["seat"]), str(one.chat[0]["content"]))
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _first_difference(one: Chat, other: Chat) -> int | None:
    """Return the place of the first reply in which two chats differ; None if they differ elsewhere first, or not at
    all."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place if place and left["role"] == right["role"] == "assistant" else None
    return None
