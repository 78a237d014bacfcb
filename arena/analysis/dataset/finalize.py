"""Rows -> a data set folder: train and val by unit, without near duplicates, and with a card that describes it.

Row files and the card are equal for equal rows, seed and settings.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena import __version__
from arena.analysis.dataset.chat_shapes import problems_with_row, text_of
from arena.analysis.dataset.similar import Seen
from arena.errors import DataError, Issue, UsageError
from arena.formats.bounded import lines_of, open_file, parse_json
from arena.records import Json
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

SPLITS = ("train", "val")
SERVICE_MEMBERS = ("messages", "tools")
"""Members of a row that the services accept (chat_shapes.py)."""

CARD, README = "card.json", "README.md"
CHARS_PER_TOKEN = 4
"""Rule of thumb of the services' documentation for English text; the card calls its counts estimates."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a data set is made. `val_share`: of the units, rounded up.  `least`: resemblance from which a row repeats
    another.  `max_chars`: longer rows are left out; None: none."""

    seed: int = 0
    val_share: float = 0.1
    least: float = 0.9
    max_chars: int | None = None
    licence: str = "mit"

    def __post_init__(self) -> None:
        if not 0 <= self.val_share < 1:
            raise UsageError(f"--val-share {self.val_share:g}: give a share from 0 to below 1")
        if not 0 < self.least <= 1:
            raise UsageError(f"--duplicates-from {self.least:g}: give a resemblance above 0, at most 1")


@dataclass(slots=True)
class Finished:
    """Counts of the rows. `dropped`: reason -> rows."""

    rows: dict[str, list[Mapping[str, Json]]] = field(default_factory=lambda: {name: [] for name in SPLITS})
    dropped: Counter[str] = field(default_factory=Counter)
    units: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.rows.values()))


def read_rows(path: Path) -> list[dict[str, Json]]:
    """Read a file of chat rows. Errors: DataError with the line and pointer of every malformed row (20 at most)."""
    rows: list[dict[str, Json]] = []
    issues: list[Issue] = []
    with open_file(path) as file:
        for number, (_, line) in enumerate(lines_of(file, str(path)), 1):
            row = parse_json(line, str(path), f"line {number}")
            found = (
                [("", "must be an object")] if not isinstance(row, dict) else list(problems_with_row(row, "messages"))
            )
            issues += [Issue(str(path), f"line {number}{pointer}", problem) for pointer, problem in found]
            if not found:
                rows.append(row)
            if len(issues) >= 20:
                break
    if issues:
        raise DataError(issues[:20])
    return rows


def split_of(units: Iterable[str], seed: int, val_share: float) -> dict[str, str]:
    """Return unit -> split. A unit is never in both; which units are in val depends on the seed alone.

    With fewer than two units there is no val, because train must not be empty.
    """
    ordered = sorted(set(units), key=lambda unit: hashlib.sha256(f"{seed}\0{unit}".encode()).digest())
    count = min(len(ordered) - 1, -(-len(ordered) * val_share // 1)) if len(ordered) > 1 and val_share else 0
    return {unit: "val" if place < count else "train" for place, unit in enumerate(ordered)}


def finish(rows: Sequence[Mapping[str, Json]], how: Finish) -> Finished:
    """Leave out rows that repeat others or are too long, and split the rest by unit."""
    made = Finished()
    made.units = split_of((_unit(row) for row in rows), how.seed, how.val_share)
    seen = Seen(how.least)
    for place, row in enumerate(rows):
        text = text_of([message for message in row["messages"] if message["role"] == "assistant"])
        if how.max_chars is not None and len(text_of(row["messages"])) > how.max_chars:
            made.dropped["too_long"] += 1
        elif seen.find(text) is not None:
            made.dropped["near_duplicate"] += 1
        else:
            seen.keep(str(place), text)
            made.rows[made.units[_unit(row)]].append(row)
    return made


def _unit(row: Mapping[str, Json]) -> str:
    about = row.get("about")
    return str(about.get("unit", "")) if isinstance(about, Mapping) else ""


def write(made: Finished, out: Path, how: Finish, canary: str) -> dict[str, Json]:
    """Write train.jsonl and val.jsonl (services' form: `messages`, and `tools` of rows with native calls), rows with
    their origin, card and README.

    Errors: UsageError if `out` has other content, or nothing is left to write.
    """
    if not made.rows["train"]:
        raise UsageError(f"no row is left to train on: {dict(made.dropped) or 'there was none'}")
    out.mkdir(parents=True, exist_ok=True)
    card: dict[str, Json] = {
        "format": 1,
        "arena": __version__,
        "canary": canary,
        "licence": how.licence,
        "seed": how.seed,
        "val_share": how.val_share,
        "duplicates_from": how.least,
        "dropped": dict(sorted(made.dropped.items())),
        "files": {},
        "variation": _variation(row for rows in made.rows.values() for row in rows),
        "units": {name: sorted(unit for unit, split in made.units.items() if split == name) for name in SPLITS},
    }
    for name in SPLITS:
        rows = made.rows[name]
        services = b"".join(_line({name: row[name] for name in SERVICE_MEMBERS if name in row}) for row in rows)
        origins = b"".join(_line({**row, "canary": canary}) for row in rows)
        for file, data in ((f"{name}.jsonl", services), (f"{name}.origins.jsonl", origins)):
            write_atomic(out / file, data)
            card["files"][file] = {
                "rows": len(rows),
                "sha256": hashlib.sha256(data).hexdigest(),
                "tokens_estimated": sum(len(text_of(row["messages"])) for row in rows) // CHARS_PER_TOKEN,
            }
    write_atomic(out / CARD, pretty_json(card))
    write_atomic(out / README, _readme(card).encode())
    return card


def _variation(rows: Iterable[Mapping[str, Json]]) -> dict[str, int]:
    """Return kind of variation (`arena dataset vary`) -> number of rows from matches with such turns."""
    found: Counter[str] = Counter()
    for row in rows:
        about = row.get("about")
        found.update(about.get("variation", {}).keys() if isinstance(about, Mapping) else ())
    return dict(sorted(found.items()))


def _line(row: Mapping[str, Json]) -> bytes:
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _readme(card: Mapping[str, Json]) -> str:
    lines = ["---", f"license: {card['licence']}", "configs:", "- config_name: default", "  data_files:"]
    lines += [f"  - split: {name}\n    path: {name}.jsonl" for name in SPLITS if card["files"][f"{name}.jsonl"]["rows"]]
    lines += ["---", "", "# Training data of the arena", "", f"Canary: `{card['canary']}`", ""]
    lines += ["| file | rows | tokens (estimated) | SHA-256 |", "|---|---|---|---|"]
    for name, about in card["files"].items():
        lines.append(f"| {name} | {about['rows']} | {about['tokens_estimated']} | `{about['sha256'][:16]}` |")
    left_out = ", ".join(f"{count} {name}" for name, count in card["dropped"].items()) or "none"
    lines += ["", f"Rows left out: {left_out}. Split by unit: no challenge is in both files.", ""]
    return "\n".join(lines)
