"""The data sets: one row each. A new form of data is one file with `read` and one row here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arena.errors import UsageError
from arena.families.cheaptalk.claim import LABELS, Label
from arena.families.cheaptalk.data import flat, gold_text, official, shipped, simple, symmetric
from arena.families.cheaptalk.data.rows import ReadRow


@dataclass(frozen=True, slots=True)
class DataSet:
    """One form of data. `labels`: those that must all occur; `merges`: several rows may describe one claim."""

    name: str
    read: ReadRow
    about: str
    merges: bool = False
    labels: tuple[Label, ...] = LABELS
    default_path: str = ""
    """A file of this project, relative to its root; empty if the user names one."""


DATASETS: tuple[DataSet, ...] = (
    DataSet("claims", shipped.read, "claims about invented places", default_path="src/claims/claims.jsonl"),
    DataSet("fever", official.read, "official FEVER rows with nested evidence sets"),
    DataSet("gold", gold_text.read, "gold-evidence rows with text, one row per evidence set", merges=True),
    DataSet("simple", simple.read, "claim, label, evidence as a list of text"),
    DataSet("flat", flat.read, "one row per evidence item, as on the hub", merges=True),
    DataSet("symmetric", symmetric.read, "symmetric pairs", labels=(Label.SUPPORTS, Label.REFUTES)),
)


def dataset(name: str, table: Iterable[DataSet] = DATASETS) -> DataSet:
    """Return the row of a data set. Raises UsageError for an unknown name."""
    rows = {row.name: row for row in table}
    if name not in rows:
        raise UsageError(f"unknown data set {name!r}: give one of {', '.join(rows)}")
    return rows[name]
