"""Chat rows of a run's matches: one per conversation, with its origin."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from arena.analysis.dataset.conversations import Chat, chats_of, tools_of, with_native_calls
from arena.analysis.dataset.preferences import Rewarded, reward_of, values_of
from arena.analysis.exports.canary import canary_of
from arena.engine.finished import SentReader
from arena.records import Json, Record
from arena.store.finished_run import FinishedRun


def rows_of(run: FinishedRun, keys: Collection[str], tool_calls: str = "text") -> Iterator[dict[str, Json]]:
    """Yield `{"messages": ..., "about": ...}` of the matches of `keys`, with native calls also `tools`; see
    `conversations_of`."""
    for _, chat, about in conversations_of(run, keys, tool_calls):
        tools = tools_of(chat)
        yield {"messages": chat, **({"tools": tools} if tools else {}), "about": about}


@dataclass(frozen=True, slots=True)
class Reward:
    """The reward of conversations: the value `name` of the score (preferences.reward_of).

    `given`: (key, seat) -> reward from the family, which then replaces `name`.  `earned`: value -> the seats
    responsible for it; other values concern all seats.
    """

    name: str
    given: Mapping[tuple[str, str], float] | None = None
    earned: Mapping[str, Collection[str]] = field(default_factory=dict)

    def keys(self, run: FinishedRun) -> set[str]:
        """Return the matches that have a reward."""
        if self.given is not None:
            return {key for key, _ in self.given}
        return {record.key for record in run.records if reward_of(record, self.name) is not None}

    def of(self, record: Record, seat: str) -> float | None:
        """Return the reward of a seat in a match; None if it has none."""
        if self.given is not None:
            return self.given.get((record.key, seat))
        return reward_of(record, self.name) if self.is_earned(self.name, seat) else None

    def is_earned(self, name: str, seat: str) -> bool:
        """Return whether a value of the score is the doing of a seat."""
        return name not in self.earned or seat in self.earned[name]


def rewarded(run: FinishedRun, reward: Reward, tool_calls: str = "text") -> Iterator[Rewarded]:
    """Yield the conversations of all scored matches with the rewards of their seats."""
    for record, chat, about in conversations_of(run, reward.keys(run), tool_calls):
        seat = str(about["seat"])
        found = reward.of(record, seat)
        if found is not None:
            values = {name: value for name, value in values_of(record).items() if reward.is_earned(name, seat)}
            yield Rewarded(chat, about, found, values)


def conversations_of(
    run: FinishedRun, keys: Collection[str], tool_calls: str = "text"
) -> Iterator[tuple[Record, Chat, dict[str, Json]]]:
    """Yield (record, chat, origin) of each conversation of the matches of `keys`.

    `tool_calls`: `text`, as they were written, or `native`. The origin: family, unit, trial, seat, seed and
    run, and the canary. Errors: DataError if this version asks something else than the journal says.
    """
    if not keys:
        return
    canary = canary_of(run)[0]
    identity = run.manifest.identity
    wanted, reader = set(keys), SentReader(run)
    for record in run.records:
        if record.key not in wanted:
            continue
        for seat, chat in chats_of(reader.calls(record, judged=False)):
            about: dict[str, Json] = {
                "family": record.trial.family,
                "unit": record.trial.unit,
                "trial": record.key,
                "seat": seat,
                "seed": identity.settings["seed"],
                "players": str(identity.models.participant),
                "run": f"sha256:{identity.sha256}",
                "canary": canary,
            }
            yield record, with_native_calls(chat) if tool_calls == "native" else chat, about
