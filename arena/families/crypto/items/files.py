"""The tables of answers of a run: items.csv, a row for each answer; item_rates.csv, a row for each question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from arena.families.crypto.items.rates import ItemRates
from arena.families.crypto.items.words import answered
from arena.formats.tables import csv_line
from arena.records import Json, Record
from arena.store.bundles import Bundle
from arena.store.files import AtomicFile, write_atomic

ITEMS_FILE, ITEM_RATES_FILE = "items.csv", "item_rates.csv"
ITEM_COLUMNS = ("key", "challenge_id", "rep", "item", "dimension", "good", "answer", "turn")
RATE_COLUMNS = (
    "challenge_id", "item", "dimension", "good", "n", "yes", "no", "split", "share_yes", "share_good", "asks",
)  # fmt: skip


class ItemTables:
    """Writes both tables (a family.Exporter), which appear at the end of a session; nothing if no question was
    answered."""

    def __init__(self, run_dir: Path, challenges: Mapping[str, Mapping[str, Json]]) -> None:
        self._folder, self._challenges = run_dir, challenges
        self._rates = ItemRates(challenges)
        self._items: AtomicFile | None = None
        """Made for the first answer."""

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        self._rates.add(record)
        unit, rep = record.trial.unit, record.trial.plan["rep"]
        for one in answered(record, self._challenges[unit]):
            if self._items is None:
                self._items = AtomicFile(self._folder / ITEMS_FILE)
                self._items.write(csv_line(ITEM_COLUMNS))
            row = [record.key, unit, rep, one.id, one.dimension, one.wanted, one.answer, one.turn]
            self._items.write(csv_line(row))

    def close(self) -> None:
        if self._items is None:
            return
        self._items.close()
        rates = self._rates.rows()
        lines = [csv_line(RATE_COLUMNS), *(csv_line([row[name] for name in RATE_COLUMNS]) for row in rates)]
        write_atomic(self._folder / ITEM_RATES_FILE, b"".join(lines))
