"""The journal: every model, judge and tool call, on disk before its answer is used.

One append-only file, `api_calls.jsonl`. A call is keyed by trial, attempt, seat, turn, step (which counts tool rounds
and re-asks), for tool calls an index, and a digest of the request. Resume looks a call up here before making it;
`replay` plays a whole run from the journal of another; the audit log is this same file.

Only offsets are held in memory, and only for trials that are still to be played.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError, Issue, ServiceFault, StorageFault, UsageError
from arena.formats.bounded import lines_of, parse_json
from arena.messages import CallKey, HttpAttempt, ModelReply, Usage
from arena.records import Json
from arena.store.files import appending, reading

JOURNAL_FILE = "api_calls.jsonl"
JOURNAL_MODE = 0o600
"""The journal holds the replies as they came: only its owner reads it, whatever the umask allows. All else follows the
umask."""

NOWHERE = Path(os.devnull)
"""An AppendFile there keeps nothing: for playing a match again without writing."""

dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
"""Compact JSON with raw UTF-8."""


def encode_line(value: Json) -> bytes:
    """Return one JSON line as UTF-8 bytes, newline included; lone surrogates are written as \\u escapes."""
    text = dumps(value)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def tool_digest(op: str, args: Json) -> str:
    """Return 32 hex digits that identify a tool call."""
    return hashlib.sha256(f"arena-tool-call/1\0{op}\0".encode() + encode_line(args)).hexdigest()[:32]


class Slot(NamedTuple):
    """The place of a call within one attempt of one trial; `item` is the tool call's place in its message, else 0."""

    kind: str
    seat: str
    turn: int
    step: int
    item: int


def reply_to_json(reply: ModelReply) -> dict[str, Json]:
    """Return the `reply` object of a journal line; fields that say nothing are left out."""
    usage = reply.usage
    counts: dict[str, Json] = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    if usage.reasoning_tokens:
        counts["reasoning_tokens"] = usage.reasoning_tokens
    if usage.estimated:
        counts["estimated"] = True
    out: dict[str, Json] = {"text": reply.text, "finish": reply.finish, "model": reply.model, "usage": counts}
    if reply.reasoning:
        out["reasoning"] = reply.reasoning
    if reply.notes:
        out["notes"] = list(reply.notes)
    return out


def reply_from_json(value: Json) -> ModelReply:
    """Return the ModelReply that `reply_to_json` wrote (without the raw body)."""
    counts = value["usage"]
    usage = Usage(
        counts["prompt_tokens"],
        counts["completion_tokens"],
        counts.get("reasoning_tokens", 0),
        counts.get("estimated", False),
    )
    return ModelReply(
        text=value["text"],
        finish=value["finish"],
        model=value["model"],
        usage=usage,
        reasoning=value.get("reasoning", ""),
        notes=tuple(value.get("notes", ())),
    )


def attempts_to_json(attempts: tuple[object, ...]) -> list[Json]:
    """Return HTTP attempts as JSON objects."""
    return [
        {"status": a.status, "ms": round(a.ms, 1), "error": a.error, "wait_ms": round(a.wait_ms, 1)}
        for a in attempts
        if isinstance(a, HttpAttempt)
    ]


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line with its newline) of a JSONL file; a torn last line is yielded without a newline.

    Errors: OSError where it is no regular file; DataError for a line that is too long (formats/bounded.py).
    """
    with reading(path) as file:
        yield from lines_of(file, str(path))


def parse_line(path: Path, number: int, line: bytes) -> dict[str, Json]:
    """Return one journal or records line as an object. Errors: DataError naming file and line number."""
    value = parse_json(line, str(path), f"line {number}")
    if not isinstance(value, dict):
        raise DataError([Issue(str(path), f"line {number}", "not a JSON object")])
    return value


def cut_torn_line(path: Path, notify: Callable[[str], None]) -> None:
    """Cut an unfinished last line, which a killed process leaves behind, and say so."""
    with os.fdopen(appending(path, flags=os.O_RDWR), "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return
        file.seek(size - 1)
        if file.read(1) == b"\n":
            return
        position = size
        while position:
            step = min(65536, position)
            file.seek(position - step)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                position = position - step + found + 1
                break
            position -= step
        file.truncate(position)
        notify(
            f"{path.name}: dropped a torn last line of {size - position} bytes (the process was killed in mid-write)"
        )


class AppendFile:
    """An append-only file: one write per call, so a kill tears at most the last line; `fsync` guards power loss."""

    def __init__(self, path: Path, fsync: bool) -> None:
        """Errors: UsageError where `path` cannot be appended to: a link, a hard-linked file, no regular file."""
        self._name = path.name
        try:
            if path == NOWHERE:
                self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            else:
                self._fd = appending(path, JOURNAL_MODE if path.name == JOURNAL_FILE else 0o666)
        except OSError as error:
            raise UsageError(f"cannot append to {path}: {error.strerror}") from None
        self._size = os.fstat(self._fd).st_size
        self._fsync = fsync
        self._failed: OSError | None = None
        self._lock = threading.Lock()

    def append(self, data: bytes) -> None:
        """Append whole lines, or none of them. Errors: StorageFault when the disk does not take them, now or before."""
        with self._lock:
            if self._failed is None:
                try:
                    self._write(data)
                    return
                except OSError as error:
                    self._failed = error
                    # Half a line with others behind it could never be read again; nothing is written after a failure.
                    with contextlib.suppress(OSError):
                        os.ftruncate(self._fd, self._size)
            raise StorageFault(f"cannot write {self._name}: {self._failed.strerror}") from self._failed

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        if self._fsync:
            os.fsync(self._fd)
        self._size += len(data)

    def close(self) -> None:
        os.close(self._fd)


class Recorded:
    """The recorded calls of one attempt of one trial: slot -> journal line, for those that have an answer."""

    __slots__ = ("_lines",)

    def __init__(self, lines: dict[Slot, dict[str, Json]] | None = None) -> None:
        self._lines = lines or {}

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._lines)

    def find(self, slot: Slot, digest: str) -> dict[str, Json] | None:
        """Return the recorded line, or None. Errors: ServiceFault("journal") when another request stands there."""
        if not self._lines:
            return None
        line = self._lines.get(slot)
        if line is not None and line["digest"] != digest:
            raise ServiceFault(
                "journal",
                f"{slot.seat}, turn {slot.turn}, step {slot.step}: the recorded {slot.kind} call has another request"
                " digest, so the run's inputs or code changed since it was recorded",
            )
        return line


def has_answer(line: dict[str, Json]) -> bool:
    """Whether a journal line holds an answer (not a fault)."""
    return "reply" in line or "answer" in line


def slot_of(line: dict[str, Json]) -> Slot:
    """Return the slot of a journal line."""
    return Slot(line["kind"], line["seat"], line["turn"], line["step"], line.get("index", 0))


class JournalIndex:
    """Offsets of the recorded calls of a journal file, by trial and attempt; lines are read when a trial asks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offsets: dict[tuple[str, int], list[int]] = {}
        self._lock = threading.Lock()

    def scan(self, wanted: Collection[str] | None, each: Callable[[dict[str, Json]], None] | None = None) -> None:
        """Read the file once; keep offsets of the `wanted` trials (None: all); hand every line to `each`.

        Errors: DataError naming file and line where a line is no call. An unfinished last line is no call yet.
        """
        if not self.path.exists():
            return
        for number, (offset, raw) in enumerate(read_lines(self.path), 1):
            if not raw.endswith(b"\n"):
                return  # torn by a kill; whoever appends cuts it first (cut_torn_line)
            line = parse_line(self.path, number, raw)
            try:
                if each is not None:
                    each(line)
                if has_answer(line) and (wanted is None or line["trial"] in wanted):
                    self._offsets.setdefault((line["trial"], line["attempt"]), []).append(offset)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                wrong = f"no field {error}" if isinstance(error, KeyError) else f"is no call of the arena: {error}"
                raise DataError([Issue(str(self.path), f"line {number}", wrong)]) from None

    def attempts(self, trial: str) -> list[int]:
        """Return the attempts of a trial that have recorded calls, ascending."""
        return sorted(attempt for key, attempt in self._offsets if key == trial)

    def recorded(self, trial: str, attempt: int, forget: bool = True) -> Recorded:
        """Return the recorded calls of one attempt; `forget` frees their offsets."""
        key = (trial, attempt)
        with self._lock:
            offsets = self._offsets.pop(key, None) if forget else self._offsets.get(key)
        if not offsets:
            return Recorded()
        lines: dict[Slot, dict[str, Json]] = {}
        with reading(self.path) as file:
            for offset in offsets:
                file.seek(offset)
                line = parse_line(self.path, 0, file.readline())
                lines[slot_of(line)] = line
        return Recorded(lines)


def call_fields(kind: str, key: CallKey, digest: str) -> dict[str, Json]:
    """Return the leading fields of a journal line."""
    return {
        "kind": kind,
        "trial": key.trial,
        "attempt": key.attempt,
        "seat": key.seat,
        "turn": key.turn,
        "step": key.step,
        "digest": digest,
    }
