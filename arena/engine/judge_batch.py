"""Judges that are asked in batches: the models behind a run's panel, and the files of their requests.

A file of requests is derived from the records: each pending record is scored again, and the requests to its judge are
written down. So the file does not depend on the number of workers, and it is complete even after a kill.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from arena.errors import ConfigError, TrialEnded, UsageError
from arena.families.contract import Family
from arena.messages import Provider
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.services import TrialServices
from arena.providers.batch_lines import MAX_BYTES, MAX_REQUESTS
from arena.records import PENDING, Json, Record, Transcript
from arena.settings.model_refs import ModelRef
from arena.store.files import AtomicFile
from arena.store.journal import JOURNAL_FILE, NOWHERE, AppendFile, JournalIndex
from arena.store.reader import RecordFile
from arena.store.rundir import RECORDS_FILE

BATCH_PRICE = 0.5
"""Share of the usual price that a batch costs (OpenAI and Groq, "Batch API", pricing)."""


@runtime_checkable
class _Asked(Protocol):
    """A provider that is asked in batches (providers/batched.py)."""

    def collecting(self, sink: Callable[[dict[str, Json]], None]) -> Provider: ...


def check_batch(path: Path, out: Path | None, resume: bool, judges: Iterable[ModelRef], tools: bool) -> None:
    """Check that the requests of a run may go into one batch file.

    Errors: UsageError for a file that exists or is inside the run; ConfigError for a judge that uses tools, or
    several judges: the requests of a batch are for one model.
    """
    if tools:
        raise ConfigError("--judge-batch and --judge-tools: a judge in a batch cannot call tools; give only one")
    names = sorted({str(ref) for ref in judges})
    if len(names) > 1:
        raise ConfigError(f"--judge-batch: a batch is for one model, not for {' and '.join(names)}; judge with one")
    if path.exists() and not resume:
        raise UsageError(f"--judge-batch: {path} already exists; name another file")
    if out is not None and out.resolve() in path.resolve().parents:
        raise UsageError(f"--judge-batch: {path} is inside the run directory; name a file outside it")


class BatchFile(NamedTuple):
    """A file of requests that was written."""

    path: Path
    requests: int


class _Writer:
    """Writes requests to a file, and continues in FILE-2, FILE-3 if a batch is full."""

    def __init__(self, path: Path) -> None:
        self._path, self._file, self._size = path, AtomicFile(path), 0
        self.files = [BatchFile(path, 0)]

    def add(self, request: dict[str, Json]) -> None:
        line = json.dumps(request, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        now = self.files[-1]
        if now.requests == MAX_REQUESTS or (now.requests and self._size + len(line) > MAX_BYTES):
            self._file.close()
            path = self._path.with_name(f"{self._path.stem}-{len(self.files) + 1}{self._path.suffix}")
            self._file, self._size, now = AtomicFile(path), 0, BatchFile(path, 0)
            self.files.append(now)
        self._file.write(line)
        self._size += len(line)
        self.files[-1] = now._replace(requests=now.requests + 1)

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        self._file.discard()


def write_requests(run_dir: Path, family: Family, panel: Iterable[Model], bound: bool, path: Path) -> list[BatchFile]:
    """Write the judge requests of a run's pending records to `path`, in plan order; return the files, none without
    requests.

    `panel`: the judge of each question; nothing is written for a judge that is not asked in batches.  `bound`: as of
    RunContext.judge_bound. Errors: UsageError if the file cannot be written.
    """
    records = RecordFile(run_dir / RECORDS_FILE, family.spec.detail)
    waiting = {record.key for record in records if record.status == PENDING}
    if not waiting:
        return []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = _Writer(path)
    except OSError as error:
        raise UsageError(f"--judge-batch: cannot write {path}: {error.strerror}; name another file") from None
    index = JournalIndex(run_dir / JOURNAL_FILE)
    index.scan(waiting)
    sink = AppendFile(NOWHERE, False)
    asked = tuple(_collecting(model, writer) for model in panel)
    context = RunContext(Budget(Limits()), sink, index, threading.Event(), panel=asked, judge_bound=bound)
    try:
        for record in records:
            if record.key in waiting:
                _ask_again(record, family, context)
    except BaseException:
        writer.discard()
        raise
    finally:
        sink.close()
    writer.close()
    return writer.files


def _collecting(model: Model, writer: _Writer) -> Model:
    provider = model.provider
    return replace(model, provider=provider.collecting(writer.add)) if isinstance(provider, _Asked) else model


def _ask_again(record: Record, family: Family, context: RunContext) -> None:
    """Score a pending record again, up to the questions that have no answer yet."""
    played = record.transcript
    transcript = Transcript(played.entries, record.play_stop, instance=played.instance, usage=played.usage)
    try:
        family.score(record.trial, transcript, TrialServices(context, record.trial, record.attempt))
    except TrialEnded:
        return
