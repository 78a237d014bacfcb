"""Verifies the bundles of a run, in each of their forms: each must follow from its record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from arena.analysis.verify.problems import OTHER_BYTES, Problems
from arena.errors import DataError
from arena.formats.bounded import lines_of, parse_json, read_file
from arena.formats.strict_json import MAX_BYTES
from arena.records import Json
from arena.store.bundles import ALL, BUNDLES_DIR, BUNDLES_FILE, PACKED, Bundle, bundles_of
from arena.store.files import is_temporary, reading
from arena.store.finished_run import FinishedRun
from arena.store.rundir import differences

ANOTHER = "the records give another file"
NO_RECORD = "belongs to no record"
_SHOWN = 3


class StoredBundles:
    """The bundles as they are in the run, next to those that the records give, one after the other in plan order."""

    def __init__(self, run: FinishedRun, problems: Problems) -> None:
        self._run_dir, self._problems = run.path, problems
        self.how = bundles_of(run.manifest)
        self._folders: set[str] = set()
        self._file: BufferedReader | None = None
        self._lines: Iterator[tuple[int, bytes]] = iter(())
        self._number = 0
        if self.how == PACKED:
            with problems.guard(BUNDLES_FILE, ""):
                self._file = reading(run.path / BUNDLES_FILE)
                self._lines = lines_of(self._file, BUNDLES_FILE)

    def compare(self, bundle: Bundle) -> None:
        """Check that the bundle of the next record exists and follows from the record."""
        if self.how == ALL:
            self._compare_files(bundle)
        elif self.how == PACKED and self._file is not None:
            self._number += 1
            with self._problems.guard(BUNDLES_FILE, ""):
                self._compare_line(bundle, next(self._lines, (0, b""))[1])

    def close(self) -> None:
        """Report bundles without a record, and close the file."""
        if self._file is not None:
            with self._problems.guard(BUNDLES_FILE, ""):
                if next(self._lines, None) is not None:
                    self._problems.add(BUNDLES_FILE, f"line {self._number + 1}", NO_RECORD)
            self._file.close()
        elif (self._run_dir / BUNDLES_FILE).exists():
            self._problems.add(BUNDLES_FILE, "", NO_RECORD)
        for name in files_below(self._run_dir, BUNDLES_DIR):
            if not any(folder.as_posix() in self._folders for folder in Path(name).parents):
                self._problems.add(name, "", NO_RECORD)

    def _compare_files(self, bundle: Bundle) -> None:
        self._folders.add(bundle.folder)
        for name, data in bundle.files.items():
            path = f"{bundle.folder}/{name}"
            with self._problems.guard(path, ""):
                stored = read_file(self._run_dir / path, MAX_BYTES)
                if stored != data:
                    self._tell(path, "", stored, data)
        for path in files_below(self._run_dir, bundle.folder):
            if path.removeprefix(f"{bundle.folder}/") not in bundle.files:
                self._problems.add(path, "", NO_RECORD)

    def _compare_line(self, bundle: Bundle, line: bytes) -> None:
        place = f"line {self._number}"
        if line == bundle.packed():
            return
        if not line:
            self._problems.add(BUNDLES_FILE, place, f"is missing: {bundle.folder}")
            return
        stored = Bundle.unpacked(line, place)
        if stored.folder != bundle.folder:
            self._problems.add(BUNDLES_FILE, place, f"is {stored.folder}; the records give {bundle.folder}")
        elif stored.files.keys() != bundle.files.keys():
            self._problems.add(BUNDLES_FILE, place, f"{bundle.folder}: has other files than the records give")
        elif all(stored.files[name] == data for name, data in bundle.files.items()):
            self._problems.add(BUNDLES_FILE, place, OTHER_BYTES)
        for name, data in bundle.files.items():
            if stored.folder == bundle.folder and stored.files.get(name, data) != data:
                self._tell(BUNDLES_FILE, f"{place} {name}", stored.files[name], data)

    def _tell(self, file: str, place: str, stored: bytes, rebuilt: bytes) -> None:
        line = 1 + equal_start(stored, rebuilt).count(10)
        for told in json_differences(stored, rebuilt) or [f"line {line} does not follow from the records"]:
            self._problems.add(file, place, f"{ANOTHER}: {told}")


def files_below(run_dir: Path, top: str) -> Iterator[str]:
    """Yield the paths below the run of all files in one of its folders, except incomplete ones left by a kill."""
    for folder, _, names in os.walk(run_dir / top):
        for name in sorted(names):
            if not is_temporary(name):
                yield Path(folder, name).relative_to(run_dir).as_posix()


def equal_start(a: bytes, b: bytes) -> bytes:
    """Return the common beginning."""
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:same]


def json_differences(stored: bytes, rebuilt: bytes) -> list[str]:
    """Return in which members two JSON texts differ; empty if one cannot be read or they differ in spelling only."""
    try:
        old: Json = parse_json(stored, "")
        new: Json = parse_json(rebuilt, "")
    except DataError:
        return []
    return [line for _, line in zip(range(_SHOWN), differences(old, new), strict=False)]
