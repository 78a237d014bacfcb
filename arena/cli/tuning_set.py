"""Shared by the scripts that tune a model: the finished data set, and the note of a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from arena.analysis.dataset.finalize import CARD, read_rows
from arena.cli.service_script import read_note
from arena.errors import UsageError
from arena.records import Json

TRAIN, VAL = "train", "val"


@dataclass(frozen=True, slots=True)
class TuningSet:
    """A folder of `arena dataset finalize`. `rows`, `digests`: of `train` and, where it has rows, `val`.

    `tokens`: estimated, of one pass over `train`.
    """

    folder: Path
    rows: dict[str, int]
    digests: dict[str, str]
    tokens: int

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"


def tuning_set(folder: Path) -> TuningSet:
    """Return the data set in a folder. Errors: UsageError for a folder without one; DataError for a row."""
    if not (folder / CARD).is_file():
        raise UsageError(f"{folder} holds no {CARD}; make it with scripts/finalize_dataset.py")
    files = read_note(folder / CARD)["files"]
    rows = {name: len(read_rows(folder / f"{name}.jsonl")) for name in (TRAIN, VAL) if files[f"{name}.jsonl"]["rows"]}
    digests = {name: files[f"{name}.jsonl"]["sha256"] for name in rows}
    return TuningSet(folder, rows, digests, files["train.jsonl"]["tokens_estimated"])


def note_of(record: Path, request: Json) -> dict[str, Json]:
    """Return the note of a job, empty for a new one. Errors: UsageError if it is about another request."""
    note = read_note(record)
    if note.get("request") not in (None, request):
        raise UsageError(f"{record} is about another request; give another --job")
    return note
