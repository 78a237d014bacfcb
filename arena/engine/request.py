"""A run as requested, before anything is built."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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
class Ending:
    """How a session ended, as far as known while its results are written. `stopped_by`: as in the manifest.

    `prices`: label of a model that is not free -> dollars per million tokens, as in summary.json.
    """

    run_dir: Path
    family: Family
    stopped_by: str | None
    prices: Mapping[str, Json]


Handed = Callable[[Record], None]
Taker = Callable[[Ending], AbstractContextManager[Handed]]
"""Context manager around a receiver of each final record, in plan order; leaving it without an error completes its
files."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as requested.

    `panel`: several judges named by a command; None: the judge of the settings.  `source`: the run whose trials are
    scored again; None: trials are played.  `gate`: the policy of the run.  `answers`: of judges that were asked in
    batches.  `taker`: receives the final records, so that a command's own results need not read them again.
    """

    spec: FamilySpec
    config: Config
    process: ProcessContext
    panel: Panel | None = None
    source: Source | None = None
    gate: Gate = field(default_factory=AllowAll)
    answers: BatchAnswers | None = None
    taker: Taker | None = None

    def judges(self) -> Panel | None:
        """Return the judge and the number of judgements; None for a run without a judge. Errors: UsageError if none is
        named."""
        if self.panel is not None:
            return self.panel
        judge = self.config.judge
        return None if judge is None else Panel((judge.ref,), 1)

    @contextmanager
    def taking(self, ending: Ending) -> Iterator[Sequence[Handed]]:
        """Open the taker and yield the receivers of the final records: the taker, if there is one."""
        if self.taker is None:
            yield ()
            return
        with self.taker(ending) as add:
            yield (add,)
