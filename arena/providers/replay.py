"""The `replay` provider: answers come from another run's journal, never from a network.

A model string is `replay/<run directory>`. A call is found by trial, seat, turn, step and request digest; a call that
was not recorded is an error, never an invented answer. Tool calls of replayed seats come from the same journal.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from arena.errors import ConfigError, DataError, Issue, ServiceFault
from arena.formats.bounded import parse_json
from arena.formats.strict_json import MAX_BYTES, read_bytes
from arena.messages import CallKey, ModelReply, ModelRequest, Provider, ToolAnswer
from arena.records import Json
from arena.store.calls import CallLine, Slot
from arena.store.files import reading, require_plain
from arena.store.journal import JOURNAL_FILE, JournalIndex, Recorded, tool_digest
from arena.store.manifest import Manifest
from arena.store.reader import read_records
from arena.store.rundir import MANIFEST_FILE, file_digest

TOOLS_FILE = "inputs/tools.txt"
"""The place of the tool description that a run's players were shown."""


def recorded_tools(run_dir: Path) -> str | None:
    """Return the tool description that a run's players were shown, or None if it was played without tools.

    It is sent to models, so it must be the text that the run's manifest names. Errors: DataError if it differs, and
    for a damaged manifest.
    """
    manifest, path = run_dir / MANIFEST_FILE, run_dir / TOOLS_FILE
    wanted = Manifest.from_json(parse_json(read_bytes(manifest), str(manifest)), manifest).identity.tools_sha256
    if wanted is None:
        return None
    try:
        with reading(path, run_dir) as file:
            data = file.read(MAX_BYTES)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError([Issue(str(path), "", f"cannot be read: {reason}")]) from None
    if hashlib.sha256(data).hexdigest() != wanted:
        message = "is not the text that the manifest names (/identity/tools_sha256); it was sent to no model"
        raise DataError([Issue(str(path), "", message)])
    return text


class Recording:
    """The calls of one recorded run, trial by trial."""

    def __init__(self, run_dir: Path) -> None:
        """Errors: ConfigError if `run_dir` is not a run; DataError if it contains more than files and folders."""
        journal = run_dir / JOURNAL_FILE
        if not os.path.lexists(journal):
            raise ConfigError(f"replay: {run_dir} holds no {JOURNAL_FILE}; give a run directory as replay/<directory>")
        require_plain(run_dir)
        self.run_dir = run_dir
        self._index = JournalIndex(journal)
        self._index.scan(None)
        self._attempt_of = {record.key: record.attempt for record in read_records(run_dir)}
        self._lock = threading.Lock()
        self._open: dict[str, Recorded] = {}

    def tools_text(self) -> str | None:
        """Return as of `recorded_tools`."""
        return recorded_tools(self.run_dir)

    def _trial(self, trial: str) -> Recorded:
        """Return the calls of the attempt in a trial's record (without a record: of the newest).

        Only a few trials are kept in memory: those in play.
        """
        with self._lock:
            found = self._open.get(trial)
        if found is None:
            newest = max(self._index.attempts(trial), default=0)
            found = self._index.recorded(trial, self._attempt_of.get(trial, newest), forget=False)
            with self._lock:
                if len(self._open) >= 512:
                    self._open.pop(next(iter(self._open)))
                self._open[trial] = found
        return found

    def _find(self, slot: Slot, trial: str, digest: str) -> CallLine:
        line = self._trial(trial).find(slot, digest)
        if line is None:
            raise ServiceFault(
                "provider",
                f"replay: {self.run_dir.name} holds no {slot.kind} call of {slot.seat} at {trial}, turn {slot.turn},"
                f" step {slot.step}",
            )
        return line

    def reply(self, request: ModelRequest) -> ModelReply:
        """Return the recorded answer to a request. Errors: ServiceFault when there is none."""
        key = request.key
        slot = Slot(request.kind, key.seat, key.turn, key.step, 0)
        line = self._find(slot, key.trial, request.conversation.digest())
        if line.reply is None:
            raise ServiceFault("provider", f"replay: the {slot.kind} call of {slot.seat} at {key.trial} was denied")
        return line.reply

    def tool(self, key: CallKey, index: int, op: str, args: Json) -> ToolAnswer:
        """Return the recorded answer to a tool call. Errors: ServiceFault when there is none."""
        slot = Slot("tool", key.seat, key.turn, key.step, index)
        line = self._find(slot, key.trial, tool_digest(op, args))
        if line.answer is None:
            raise ServiceFault("provider", f"replay: the tool call of {slot.seat} at {key.trial} was denied")
        return ToolAnswer(dict(line.answer), line.ms)


class ReplayProvider(Provider):
    """Plays from recordings; the model name is the run directory."""

    offline = True

    def __init__(self, name: str) -> None:
        self.name = name
        self._recordings: dict[str, Recording] = {}
        self._lock = threading.Lock()

    def recording(self, model: str) -> Recording:
        """Return the recording behind a model name. Errors: ConfigError when it is not a run directory."""
        with self._lock:
            found = self._recordings.get(model)
            if found is None:
                found = self._recordings[model] = Recording(Path(model))
        return found

    def check_model(self, model: str, judging: bool) -> None:
        """Errors: as of `recording`."""
        self.recording(model)

    def digest(self, model: str) -> str:
        """Return the SHA-256 of the journal behind a model name: it identifies the recording, wherever it is stored."""
        return file_digest(Path(model) / JOURNAL_FILE)

    def complete(self, request: ModelRequest) -> ModelReply:
        return self.recording(request.model).reply(request)

    def close(self) -> None:
        self._recordings.clear()


def build(name: str, settings: object) -> ReplayProvider:
    """Return the provider; `settings` is not needed."""
    return ReplayProvider(name)
