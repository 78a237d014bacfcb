"""Chat rows of a run's matches: one per conversation, with where it comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from arena.analysis.dataset.conversations import chats_of, with_native_calls
from arena.analysis.exports.canary import canary_of
from arena.engine.finished import SentReader
from arena.records import Json
from arena.store.finished_run import FinishedRun


def rows_of(run: FinishedRun, keys: Collection[str], tool_calls: str = "text") -> Iterator[dict[str, Json]]:
    """Yield `{"messages": ..., "about": ...}` of the matches of `keys`.

    `tool_calls`: `text`, as they were written, or `native`. `about` names family, unit, trial, seat, seed and run, and
    holds the canary. Errors: DataError where this version asks something else than the journal says.
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
            yield {
                "messages": with_native_calls(chat) if tool_calls == "native" else chat,
                "about": {
                    "family": record.trial.family,
                    "unit": record.trial.unit,
                    "trial": record.key,
                    "seat": seat,
                    "seed": identity.settings["seed"],
                    "players": str(identity.models.participant),
                    "run": f"sha256:{identity.sha256}",
                    "canary": canary,
                },
            }
