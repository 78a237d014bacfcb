"""A run as requested, before anything is built."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from arena.engine.runner import When
from arena.families.contract import Family
from arena.families.spec import FamilySpec
from arena.policy.gates import AllowAll, Gate
from arena.providers.batch_lines import BatchAnswers
from arena.records import Json, Record
from arena.settings.config import Config
from arena.settings.model_refs import Panel
from arena.store.finished_run import Source


@dataclass(frozen=True, slots=True)
class ProcessContext:
    """The process of a run: the merged environment, the clone, the stop event, the output functions.

    `argv`: the flags as given, and `command` the module they were given to (after `python3 -m`), for the hint how to
    resume.  `live`: standard error is a terminal, and --quiet was not given.
    """

    environ: Mapping[str, str]
    root: Path
    stop: threading.Event
    notify: Callable[[str], None]
    warn: Callable[[str], None]
    argv: tuple[str, ...] = ()
    command: str = "arena.run"
    live: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a run before its records are.

    `prices`: label of a model that is not free -> dollars per million tokens, as in summary.json.
    """

    run_dir: Path
    family: Family
    prices: Mapping[str, Json]


class Taking(Protocol):
    """Receives the final records of a session, in plan order, and makes files of a command out of them."""

    def add(self, record: Record, when: When | None) -> None:
        """Take in the next record. `when` None: the files of the run say it."""
        ...

    def ended(self, stopped_by: str | None) -> None:
        """Note how the session ended, as in the manifest; called once, before the first record that comes after one
        that is missing."""
        ...

    def close(self) -> None:
        """Complete the files, once the session's own results are complete."""
        ...

    def discard(self) -> None:
        """Leave nothing half written; after `close` this does nothing."""
        ...


Taker = Callable[[Opening], Taking]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as requested.

    `panel`: several judges named by a command; None: the judge of the settings.  `source`: the run whose trials are
    scored again; None: trials are played.  `gate`: the policy of the run.  `answers`: of judges that were asked in
    batches.  `taker`: makes what receives the final records, so that a command's own results need not read them again;
    it is called a second time if not all records could be handed over while they were played.
    """

    spec: FamilySpec
    config: Config
    process: ProcessContext
    panel: Panel | None = None
    source: Source | None = None
    gate: Gate = field(default_factory=AllowAll)
    answers: BatchAnswers | None = None
    taker: Taker | None = None

    def taking(self, opening: Opening) -> Taking | None:
        """Open what receives the final records for the command; None if nothing does. Errors: OSError."""
        return None if self.taker is None else self.taker(opening)

    def judges(self) -> Panel | None:
        """Return the judge and the number of judgements; None for a run without a judge. Errors: UsageError if none is
        named."""
        if self.panel is not None:
            return self.panel
        judge = self.config.judge
        return None if judge is None else Panel((judge.ref,), 1)
