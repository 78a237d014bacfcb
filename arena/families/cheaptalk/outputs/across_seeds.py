"""The summary over seeds from the result files of each seed, from a run or placed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.errors import DataError, Issue, UsageError
from arena.families.cheaptalk.metrics.seeds import Source, submission_summary
from arena.formats.bounded import parse_json
from arena.formats.json_types import Json
from arena.formats.strict_json import MAX_BYTES
from arena.store.files import reading

SUMMARY_FILE = "submission_multi_seed_summary.json"
PARTS: Mapping[str, str] = {
    "milestone2": "milestone2/seed{seed}.json",
    "milestone3": "milestone3/seed{seed}.json",
    "milestone4": "milestone4/protocol_comparison_seed{seed}.json",
}
"""Part of the summary -> the file of one seed, below the folder of results."""
MAX_SEEDS = 10_000


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The summary, and for each part without a file of every seed the files that it lacks."""

    summary: dict[str, Json]
    missing: Mapping[str, tuple[str, ...]]
    files: int

    def lines(self) -> list[str]:
        """Return which files were read and which parts stay null, a sentence a line."""
        seeds = ", ".join(map(str, self.summary["seeds"]))
        lines = [f"seeds {seeds}: {self.files} files"]
        for part, names in self.missing.items():
            lacks = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            lines.append(f"{part} stays null; missing: {lacks}")
        return lines


def aggregate(folder: Path, seeds: Sequence[int] = ()) -> Aggregated:
    """Return the summary over `seeds`; if none are given, over all seeds that a file names.

    A part stays null unless the file of every seed is there. Raises UsageError for a missing folder and for a folder
    without any file of a seed, DataError for a file that is not readable or of another shape.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; give the run, or the folder with milestone2, milestone3, ...")
    wanted = list(dict.fromkeys(seeds)) or seeds_in(folder)
    if not wanted:
        names = ", ".join(name.format(seed="<S>") for name in PARTS.values())
        raise UsageError(f"{folder} holds no result of a seed; put files there such as {names}")
    parts: dict[str, dict[int, Source]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for part, name in PARTS.items():
        parts[part] = {seed: found for seed in wanted if (found := _source(folder, name.format(seed=seed))) is not None}
        lacks = tuple(name.format(seed=seed) for seed in wanted if seed not in parts[part])
        if lacks:
            missing[part] = lacks
    files = sum(map(len, parts.values()))
    if not files:
        raise UsageError(f"{folder} holds no result of the seeds {', '.join(map(str, wanted))}")
    summary = submission_summary(wanted, parts["milestone2"], parts["milestone3"], parts["milestone4"])
    return Aggregated(summary, missing, files)


def from_objects(seeds: Sequence[int], parts: Mapping[str, Mapping[int, Json]]) -> dict[str, Json]:
    """Return the summary over seeds from result objects by part and seed; a part that lacks a seed stays null."""
    sources = {
        part: {seed: Source(name.format(seed=seed), parts[part][seed]) for seed in seeds if seed in parts.get(part, {})}
        for part, name in PARTS.items()
    }
    return submission_summary(seeds, sources["milestone2"], sources["milestone3"], sources["milestone4"])


def seeds_in(folder: Path) -> list[int]:
    """Return the seeds that files of any part name, sorted."""
    found: set[int] = set()
    for name in PARTS.values():
        inner, _, file = name.rpartition("/")
        pattern = re.compile(re.escape(file).replace(re.escape("{seed}"), "(-?[0-9]{1,18})"))
        found.update(_seeds_of(pattern, _names(folder / inner)))
    if len(found) > MAX_SEEDS:
        said = f"has results of {len(found)} seeds; {MAX_SEEDS} at most are read: name some with --seeds"
        raise DataError([Issue(str(folder), "", said)])
    return sorted(found)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _seeds_of(pattern: re.Pattern[str], names: Iterable[str]) -> Iterable[int]:
    return (int(found[1]) for name in names if (found := pattern.fullmatch(name)))


def _source(folder: Path, name: str) -> Source | None:
    """Return one result file; None if there is none. Raises DataError if it cannot be read."""
    path = folder / name
    try:
        with reading(path, folder) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError([Issue(str(path), "", f"cannot be read: {error.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise DataError([Issue(str(path), "", f"is larger than {MAX_BYTES} bytes")])
    return Source(str(path), parse_json(data, str(path)))
