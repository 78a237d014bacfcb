"""The contract of a benchmark family.

A family is a folder (arena/crypto is one) with three doors: data, play, score. The runner, the journal, the run
directory and the summary are the same for all; a family adds its own derived files through `exports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from arena.play.services import Services
from arena.records import Json, Score, Transcript, Trial


class Exporter(Protocol):
    """Derived files of a whole run, written in one pass over its records in plan order and constant memory.

    The bundle of a record is on disk before the record is `add`ed.
    """

    def add(self, record: dict[str, Json]) -> None: ...

    def close(self) -> None:
        """Finish the files: they appear under their final names here, whole."""
        ...


class Family(Protocol):
    """One benchmark family.

    `trials` is pure and ordered, and may be called again. `play` talks to players and tools, never scores; `past`
    are the earlier records of the same series, in plan order. `score` is called for trials that are done or aborted;
    it may ask a judge or the calculator, never a player.
    """

    name: str
    dimensions: Sequence[str]
    """Names of the score values, in the order of tables."""
    outcomes: Sequence[str]
    """Outcome labels, the best first; the first is what the success rate counts."""
    labels: Sequence[str]
    """Names in `Trial.cell`, in the order of table columns; a trial may lack some."""
    warnings: Sequence[str]
    """What a user should know of the inputs before the run starts."""
    settled: Mapping[str, str]
    """Key -> status of trials whose end was decided in an earlier run (analysis/rejudge): an error there is none of
    this run. Empty for a family that plays."""
    unit_noun: str
    """What a unit is called in file names, columns and tables: `challenge`."""

    def trials(self) -> Iterable[Trial]: ...

    def play(self, trial: Trial, services: Services, past: Sequence[dict[str, Json]]) -> Transcript: ...

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score: ...

    def ledger(self, record: dict[str, Json]) -> dict[str, Json]:
        """Return what a record's claims rest on, from the record and the family's inputs alone, for verify and report.

        `claims`: class -> count (`computed`, `copied`, `asserted`, `wrong`), whatever else the family has to say beside
        it (arena/families/crypto/checks/ledger.py). Empty where a family has no such notion.
        """
        ...

    def write_bundle(self, run_dir: Path, record: dict[str, Json]) -> None:
        """Write the files of one finished match; all of them can be rebuilt from the record."""
        ...

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        """Return the exporters of this family's own derived files."""
        ...

    def describe(self) -> dict[str, Json]:
        """Return what identifies the family's rules: versions and digests of prompts, rubric, outcome rule, data."""
        ...

    def unit_name(self, unit: str) -> str:
        """Return the title of a unit (a challenge's name), for tables."""
        ...

    def inputs(self) -> dict[str, bytes]:
        """Return file name -> content of what the run is made from, kept in its `inputs/` folder."""
        ...

    def longest_prompt(self) -> int:
        """Return the characters of the longest system prompt, for --dry-run."""
        ...

    def longest_judge_prompt(self) -> int:
        """Return the characters of the longest question to the judge about an empty transcript, for --dry-run."""
        ...
