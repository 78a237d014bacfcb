"""Verifies everything that is derived from the records: rebuilt in another folder and compared byte for byte."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from arena.analysis.verify.bundles import ANOTHER, NO_RECORD, StoredBundles, equal_start, files_below, json_differences
from arena.analysis.verify.journal import Tally
from arena.analysis.verify.problems import Problems
from arena.analysis.verify.records import Found
from arena.engine.manifest import summary_head
from arena.engine.summary import Summary
from arena.families.contract import Family
from arena.formats.bounded import open_file, read_file
from arena.formats.strict_json import MAX_BYTES
from arena.records import Json
from arena.settings.prices import Price
from arena.settings.table import PROVIDERS
from arena.store.files import is_temporary
from arena.store.rundir import RECORDS_FILE, SUMMARY_FILE

EXPORTS_DIR = "role_views"
"""A folder that contains only files derived from records."""

COST_TOLERANCE = 2e-6
"""Dollars; sums of the same prices in another order may round to another sixth decimal."""

_PIECE = 1 << 20


def check_derived(found: Found, tally: Tally, problems: Problems) -> None:
    """Build every derived file again from the stored records; `problems` gets the files that are not the same."""
    if found.family is None:
        return
    # Not next to the run: verify changes nothing there, not even for a moment.
    folder = Path(tempfile.mkdtemp(prefix="arena-verify-"))
    try:
        with problems.guard(RECORDS_FILE, ""):
            _Derived(found, found.family, tally, problems, folder).check()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Derived:
    def __init__(self, found: Found, family: Family, tally: Tally, problems: Problems, folder: Path) -> None:
        self.found, self.family, self.tally, self.problems, self.folder = found, family, tally, problems, folder
        self.made: set[str] = set()
        self.bundles = StoredBundles(found.run, problems)

    def check(self) -> None:
        summary = Summary(self.folder, self.family, sum(self.found.here))
        exporters = self.family.exports(self.folder)
        for record in self.found.run.records:
            if (bundle := self.family.bundle(record)) is not None:
                self.bundles.compare(bundle)
            summary.add(record)
            for exporter in exporters:
                exporter.add(record, bundle)
            self._compare_made()
        for exporter in exporters:
            exporter.close()
        cost: dict[str, Json] = {}
        with self.problems.guard(SUMMARY_FILE, "/cost_usd"):
            cost = self._cost()
        left_out = {model: sorted(names) for model, names in sorted(self.tally.left_out.items())}
        summary.close(summary_head(self.found.run.manifest, self.family, cost, left_out))
        self._compare_made()
        self.bundles.close()
        self._find_strangers()

    def _compare_made(self) -> None:
        """Compare every finished file in the folder with the run's, and remove it with its folders."""
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if not is_temporary(name):
                    path = Path(folder, name)
                    inner = path.relative_to(self.folder).as_posix()
                    self.made.add(inner)
                    self._compare(inner, path)
                    self._remove(path)

    def _compare(self, name: str, rebuilt: Path) -> None:
        stored = self.found.run.path / name
        with self.problems.guard(name, ""):
            place = first_difference(stored, rebuilt)
            if place is None:
                return
            whole = name.endswith(".json")
            told = json_differences(read_file(stored, MAX_BYTES), read_file(rebuilt, MAX_BYTES)) if whole else []
            for line in told or [f"{place} does not follow from the records"]:
                self.problems.add(name, "", f"{ANOTHER}: {line}")

    def _remove(self, path: Path) -> None:
        """Remove a file and the folders that it leaves empty, so that the next look has as little to walk through."""
        path.unlink()
        for folder in path.parents:
            if folder == self.folder or any(os.scandir(folder)):
                break
            folder.rmdir()

    def _find_strangers(self) -> None:
        """Files in the folder of exports that no record gives."""
        for name in files_below(self.found.run.path, EXPORTS_DIR):
            if name not in self.made:
                self.problems.add(name, "", NO_RECORD)

    def _cost(self) -> dict[str, Json]:
        """Return the summary's `cost_usd`, once it is checked: the sum over all answers by the prices that it names."""
        cost: dict[str, Json] = self.found.run.summary()["cost_usd"]
        prices = {label: Price.from_json(row) for label, row in cost["prices"].items()}
        usd = sum(prices[label].of(used) for label, used in self.tally.used.items() if label in prices)
        if abs(usd - cost["usd"]) > COST_TOLERANCE:
            message = f"is {cost['usd']}; the calls and these prices give {usd:.6f}"
            self.problems.add(SUMMARY_FILE, "/cost_usd/usd", message)
        if cost["unknown_attempts"] != self.tally.unknown:
            message = f"is {cost['unknown_attempts']}; the calls give {self.tally.unknown}"
            self.problems.add(SUMMARY_FILE, "/cost_usd/unknown_attempts", message)
        identity = self.found.run.manifest.identity
        labels = set(identity.models.judges)
        if identity.source is None:  # else its players were called, and paid, by an earlier run
            labels |= set(identity.models.roster)
        unpriced = sorted(x for x in labels if not _offline(x) and x not in prices)
        if cost["unpriced"] != unpriced:
            self.problems.add(SUMMARY_FILE, "/cost_usd/unpriced", f"the models without a price are {unpriced}")
        return cost


def _offline(label: str) -> bool:
    row = PROVIDERS.get(label.partition("/")[0])
    return row is not None and row.offline


def first_difference(stored: Path, rebuilt: Path) -> str | None:
    """Return the first line in which two files differ (`line 7`), None if they are equal. Raises OSError."""
    line = 1
    with open_file(stored) as old, open_file(rebuilt) as new:
        while True:
            a, b = old.read(_PIECE), new.read(_PIECE)
            if a != b:
                return f"line {line + equal_start(a, b).count(10)}"
            if not a:
                return None
            line += a.count(b"\n")
