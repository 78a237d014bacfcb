"""The end of a session, or of a merge: the records in plan order, and every file that is derived from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from arena.engine.build import Cast
from arena.engine.shards import Shard
from arena.engine.summary import Summary
from arena.families.contract import Family
from arena.play.limits import Budget
from arena.records import Json, Record
from arena.settings.prices import FREE
from arena.store.bundles import ALL, bundles_of, rebuilding
from arena.store.closing import close_records
from arena.store.manifest import Manifest
from arena.store.reader import RecordFile
from arena.store.rundir import RECORDS_FILE


def cost_json(cast: Cast, budget: Budget) -> dict[str, Json]:
    """Return what a run cost, as in summary.json: dollars, models without a price, attempts of unknown cost, prices."""
    priced = {model.label: model.price for model in cast.models() if model.price is not FREE}
    return {
        "usd": round(budget.spent()["cost_usd"], 6),
        "unpriced": list(cast.unpriced),
        "unknown_attempts": budget.unknown,
        "prices": {label: price.to_json() for label, price in sorted(priced.items())},
    }


def write_results(
    path: Path,
    family: Family,
    shard: Shard,
    manifest: Manifest,
    head: Mapping[str, Json],
    also: Sequence[Callable[[Record], None]] = (),
    rebuilt: bool = True,
) -> dict[str, Json]:
    """Rewrite the records of the run directory `path` in plan order, chained, and write all that follows from them.

    `shard`: the part of the plan that belongs here.  `head`: as of `summary_head`.  `also`: further receivers of
    each record, in plan order, before it is counted.  `rebuilt`: write separate bundle files again as well, and remove
    those left by another form of bundles.  Return the summary. Errors: DataError for a line that is not a record.
    """
    keys = [trial.key for trial in shard.trials(family.trials())]
    summary = Summary(path, family, len(keys))
    exporters = family.exports(path)
    how = bundles_of(manifest)
    bundles = rebuilding(how, path) if rebuilt or how != ALL else None

    def each(record: Record) -> None:
        if bundles is not None and (bundle := family.bundle(record)) is not None:
            bundles.add(bundle)
        for taker in also:
            taker(record)
        summary.add(record)
        for exporter in exporters:
            exporter.add(record)

    try:
        close_records(RecordFile(path / RECORDS_FILE, family.spec.detail), manifest.identity.to_json(), keys, each)
        if bundles is not None:
            bundles.close()
    finally:
        if bundles is not None:
            bundles.discard()
    for exporter in exporters:
        exporter.close()
    return summary.close(head)
