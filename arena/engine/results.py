"""The end of a session, or of a merge: the records in plan order, and every file that is derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.engine.build import Cast
from arena.engine.request import Taking
from arena.engine.runner import When
from arena.engine.shards import Shard
from arena.engine.summary import Summary
from arena.families.contract import Family
from arena.play.limits import Budget
from arena.records import Json, Record
from arena.settings.prices import FREE
from arena.store.bundles import ALL, Bundle, bundles_of, rebuilding
from arena.store.closing import ChainedRecords
from arena.store.manifest import Manifest
from arena.store.reader import RecordFile
from arena.store.rundir import RECORDS_FILE


def cost_json(cast: Cast, budget: Budget) -> dict[str, Json]:
    """Return what a run cost, as in summary.json: dollars, models without a price, attempts of unknown cost, prices."""
    return {
        "usd": round(budget.spent()["cost_usd"], 6),
        "unpriced": list(cast.unpriced),
        "unknown_attempts": budget.unknown,
        "prices": prices_json(cast),
    }


def prices_json(cast: Cast) -> dict[str, Json]:
    """Return label of a model that is not free -> dollars per million tokens."""
    priced = {model.label: model.price for model in cast.models() if model.price is not FREE}
    return {label: price.to_json() for label, price in sorted(priced.items())}


@dataclass(frozen=True, slots=True)
class Played:
    """The inputs of results. `path`: the run directory; `shard`: the part of the plan that belongs there."""

    path: Path
    family: Family
    shard: Shard
    manifest: Manifest

    def keys(self) -> Iterable[str]:
        """Return the keys of all planned trials, in plan order."""
        return (trial.key for trial in self.shard.trials(self.family.trials()))

    def planned(self) -> int:
        """Return the number of planned trials."""
        return sum(1 for _ in self.shard.trials(self.family.trials()))

    def records(self) -> RecordFile:
        """Return the records as they are in the file now."""
        return RecordFile(self.path / RECORDS_FILE, self.family.spec.detail)


class ResultFiles:
    """The records of a run in plan order, chained, and all that follows from them, in one pass over them.

    Nothing appears under its name before `close`.
    """

    def __init__(self, played: Played, planned: int, rebuilt: bool, taking: Taking | None = None) -> None:
        """`planned`: number of planned trials.  `rebuilt`: bundles are written again also where each has files of its
        own, and what another way of keeping them left is removed.  `taking`: a further receiver of the records, whose
        files are completed last.  Errors: OSError."""
        self._family = played.family
        how = bundles_of(played.manifest)
        self._bundles = rebuilding(how, played.path) if rebuilt or how != ALL else None
        self._summary = Summary(played.path, played.family, planned)
        self._exporters = played.family.exports(played.path)
        self._records = ChainedRecords(played.path / RECORDS_FILE, played.manifest.identity.to_json())
        self._taking = taking

    def ended(self, stopped_by: str | None) -> None:
        """Note how the session ended; as of Taking."""
        if self._taking is not None:
            self._taking.ended(stopped_by)

    def add(self, line: bytes, record: Record, bundle: Bundle | None = None, when: When | None = None) -> int:
        """Take in the next record in plan order, with its line in the file; return the length of its final line.

        `bundle`: of the record, where it was made already; `when` it was played, where that is known.
        """
        size = self._records.add(line)
        if self._bundles is not None:
            bundle = bundle or self._family.bundle(record)
            if bundle is not None:
                self._bundles.add(bundle)
        self._summary.add(record)
        for exporter in self._exporters:
            exporter.add(record, bundle)
        if self._taking is not None:
            self._taking.add(record, when)
        return size

    def close(self, head: Mapping[str, Json]) -> dict[str, Json]:
        """Finish all files; return the summary. `head`: as of `summary_head`."""
        self._records.close()
        if self._bundles is not None:
            self._bundles.close()
        for exporter in self._exporters:
            exporter.close()
        summary = self._summary.close(head)
        if self._taking is not None:
            self._taking.close()
        return summary

    def discard(self) -> None:
        """Leave nothing half written of records, bundles and tables; a resume removes what exporters leave."""
        if self._taking is not None:
            self._taking.discard()
        self._records.discard()
        self._summary.discard()
        if self._bundles is not None:
            self._bundles.discard()


def write_results(
    played: Played,
    head: Mapping[str, Json],
    rebuilt: bool = True,
    taking: Taking | None = None,
    stopped_by: str | None = None,
    early: ResultFiles | None = None,
) -> dict[str, Json]:
    """Rewrite the records of a run in plan order, chained, and write all that follows from them.

    `head`: as of `summary_head`.  `rebuilt`, `taking`: as of ResultFiles.  `stopped_by`: as of Taking.ended.  `early`:
    has taken in all records while they were played; None: they are read.
    Return the summary. Errors: DataError for a line that is not a record.
    """
    made = ResultFiles(played, played.planned(), rebuilt, taking) if early is None else early
    try:
        if early is None:
            made.ended(stopped_by)
            for line, record in played.records().chosen(played.keys()):
                made.add(line, record)
        return made.close(head)
    finally:
        made.discard()
