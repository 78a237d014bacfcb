"""Chat rows of a run's matches: one per conversation, with where it comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

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


def rewarded(
    run: FinishedRun, reward: str, tool_calls: str = "text", given: Mapping[tuple[str, str], float] | None = None
) -> Iterator[Rewarded]:
    """Yield the conversations of all scored matches with their reward (preferences.reward_of).

    `given`: (key, seat) -> reward, where the family says it; then `reward` is not looked at.
    """
    if given is None:
        keys = {record.key for record in run.records if reward_of(record, reward) is not None}
    else:
        keys = {key for key, _ in given}
    for record, chat, about in conversations_of(run, keys, tool_calls):
        found = reward_of(record, reward) if given is None else given.get((record.key, str(about["seat"])))
        if found is not None:
            yield Rewarded(chat, about, found, values_of(record))


def conversations_of(
    run: FinishedRun, keys: Collection[str], tool_calls: str = "text"
) -> Iterator[tuple[Record, Chat, dict[str, Json]]]:
    """Yield (record, chat, where it comes from) of each conversation of the matches of `keys`.

    `tool_calls`: `text`, as they were written, or `native`. Where it comes from: family, unit, trial, seat, seed and
    run, and the canary. Errors: DataError where this version asks something else than the journal says.
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
