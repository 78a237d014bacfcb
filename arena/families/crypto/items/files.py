"""The tables of answers of a run: items.csv, a row for each answer; item_rates.csv, a row for each question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from arena.families.crypto.items.rates import ItemRates
from arena.families.crypto.items.words import answered
from arena.formats.tables import csv_line
from arena.records import Json, Record
from arena.store.bundles import Bundle
from arena.store.files import write_atomic

ITEMS_FILE, ITEM_RATES_FILE = "items.csv", "item_rates.csv"
ITEM_COLUMNS = ("key", "challenge_id", "rep", "item", "dimension", "good", "answer", "turn")
RATE_COLUMNS = (
    "challenge_id", "item", "dimension", "good", "n", "yes", "no", "split", "share_yes", "share_good", "asks",
)  # fmt: skip


class ItemTables:
    """Writes both tables at the end of a session (a family.Exporter); nothing if no challenge asks a question.

    The rows of one match are some hundred bytes, so they are kept until the end.
    """

    def __init__(self, run_dir: Path, challenges: Mapping[str, Mapping[str, Json]]) -> None:
        self._folder, self._challenges = run_dir, challenges
        self._rates = ItemRates(challenges)
        self._lines = [csv_line(ITEM_COLUMNS)]

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        self._rates.add(record)
        unit, rep = record.trial.unit, record.trial.plan["rep"]
        for one in answered(record, self._challenges[unit]):
            row = [record.key, unit, rep, one.id, one.dimension, one.wanted, one.answer, one.turn]
            self._lines.append(csv_line(row))

    def close(self) -> None:
        rates = self._rates.rows()
        if not rates:
            return
        write_atomic(self._folder / ITEMS_FILE, b"".join(self._lines))
        lines = [csv_line(RATE_COLUMNS), *(csv_line([row[name] for name in RATE_COLUMNS]) for row in rates)]
        write_atomic(self._folder / ITEM_RATES_FILE, b"".join(lines))
