"""The journal: every model, judge and tool call, on disk before its answer is used.

One append-only file, `api_calls.jsonl`. A call is keyed by trial, attempt, seat, turn, step (which counts tool rounds
and re-asks), for tool calls an index, and a digest of the request. Resume looks a call up here before making it;
`replay` plays a whole run from the journal of another; the audit log is this same file.

Only offsets are kept in memory, and only for trials that are still to be played.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import TypeVar

from arena.errors import DataError, Issue, ServiceFault, StorageFault, UsageError
from arena.formats.bounded import lines_of, parse_json
from arena.formats.decode import decode
from arena.formats.json_text import compact_json
from arena.messages import CallKey, HttpAttempt, ModelReply, Usage
from arena.records import Json
from arena.store.calls import CallLine, Slot
from arena.store.files import appending, reading
from arena.store.lines_by_key import LinesByKey
from arena.store.lines_by_key import Place as Place

T = TypeVar("T")

JOURNAL_FILE = "api_calls.jsonl"
JOURNAL_MODE = 0o600
"""The journal holds the unedited replies, so only its owner may read it, even if the umask allows more. All other files
follow the umask."""

NOWHERE = Path(os.devnull)
"""An AppendFile at this place keeps nothing: for playing a match again without writing."""

TRIAL_START = re.compile(rb'\{"kind":"[a-z]+","trial":("(?:[^"\\]|\\.)*")')
"""The beginning of a journal line; only its trial is read if the line is not needed."""

dumps = compact_json


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


def reply_to_json(reply: ModelReply) -> dict[str, Json]:
    """Return the `reply` object of a journal line; empty fields are left out."""
    counts = usage_to_json(reply.usage)
    out: dict[str, Json] = {"text": reply.text, "finish": reply.finish, "model": reply.model, "usage": counts}
    if reply.reasoning:
        out["reasoning"] = reply.reasoning
    if reply.notes:
        out["notes"] = list(reply.notes)
    if reply.calls:
        out["calls"] = [call._asdict() for call in reply.calls]
    if reply.not_sent:
        out["not_sent"] = list(reply.not_sent)
    return out


def usage_to_json(usage: Usage) -> dict[str, Json]:
    """Return token counts as a JSON object; those that are 0 are left out, except prompt and completion."""
    counts: dict[str, Json] = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    if usage.reasoning_tokens:
        counts["reasoning_tokens"] = usage.reasoning_tokens
    if usage.estimated:
        counts["estimated"] = True
    if usage.cached_prompt_tokens:
        counts["cached_prompt_tokens"] = usage.cached_prompt_tokens
    if usage.cache_write_tokens:
        counts["cache_write_tokens"] = usage.cache_write_tokens
    return counts


def attempts_to_json(attempts: tuple[object, ...]) -> list[Json]:
    """Return HTTP attempts as JSON objects."""
    out: list[Json] = []
    for a in attempts:
        if isinstance(a, HttpAttempt):
            one = {"status": a.status, "ms": round(a.ms, 1), "error": a.error, "wait_ms": round(a.wait_ms, 1)}
            if a.may_be_billed:
                one["may_be_billed"] = True
            out.append(one)
    return out


def readable(path: Path) -> bool:
    """Return whether there is a file to read. Errors: DataError if it exists and cannot be read."""
    if not os.path.lexists(path):
        return False
    try:
        with reading(path):
            return True
    except OSError as error:
        raise DataError([Issue(str(path), "", f"cannot be read: {error.strerror}")]) from None


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line with its newline) of a JSONL file; a torn last line is yielded without a newline.

    Errors: OSError if it is not a regular file; DataError for a line that is too long (formats/bounded.py).
    """
    with reading(path) as file:
        yield from lines_of(file, str(path))


def parse_line(path: Path, number: int, line: bytes) -> dict[str, Json]:
    """Return one line of a JSONL file as an object. Errors: DataError naming file and line number."""
    value = parse_json(line, str(path), f"line {number}")
    if not isinstance(value, dict):
        raise DataError([Issue(str(path), f"line {number}", "must be a JSON object")])
    return value


def read_rows(path: Path, cls: type[T]) -> Iterator[T]:
    """Yield the lines of a JSONL file as objects of a dataclass; a torn last line is left out.

    Errors: DataError naming file, line and pointer.
    """
    for number, (_, line) in enumerate(read_lines(path), 1):
        if line.endswith(b"\n"):
            yield decode(cls, parse_line(path, number, line), str(path), f"line {number}")


def cut_torn_line(path: Path, notify: Callable[[str], None]) -> None:
    """Cut an unfinished last line, which a killed process left, and report it."""
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
    """An append-only file: one write per call, so a kill damages at most the last line; `fsync` guards against power
    loss."""

    def __init__(self, path: Path, fsync: bool) -> None:
        """Errors: UsageError if `path` cannot be appended to: a link, a hard-linked file, not a regular file."""
        self._name = path.name
        try:
            if path == NOWHERE:
                self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            else:
                self._fd = appending(path, JOURNAL_MODE if path.name == JOURNAL_FILE else 0o666)
        except OSError as error:
            raise UsageError(f"cannot append to {path}: {error.strerror}") from None
        self._size = os.fstat(self._fd).st_size
        self._appended = hashlib.sha256()
        self._fsync = fsync
        self._failed: OSError | None = None
        self._lock = threading.Lock()

    def append(self, data: bytes) -> None:
        """Append whole lines, or none of them. Errors: StorageFault when this write or an earlier one failed."""
        with self._lock:
            if self._failed is None:
                try:
                    self._write(data)
                    return
                except OSError as error:
                    self._failed = error
                    # A torn line in the middle of the file would make it unreadable, so nothing is written after a
                    # failure.
                    with contextlib.suppress(OSError):
                        os.ftruncate(self._fd, self._size)
            raise StorageFault(f"cannot write {self._name}: {self._failed.strerror}") from self._failed

    def _write(self, data: bytes) -> None:
        done = os.write(self._fd, data)
        while done < len(data):
            done += os.write(self._fd, data[done:])
        if self._fsync:
            os.fsync(self._fd)
        self._size += len(data)
        self._appended.update(data)

    def print(self) -> tuple[int, str]:
        """Return the size of the file, and the SHA-256 of what was appended to it here."""
        with self._lock:
            return self._size, self._appended.hexdigest()

    def close(self) -> None:
        os.close(self._fd)


class Recorded:
    """The recorded calls of one attempt of one trial: slot -> journal line, only those that were answered or denied."""

    __slots__ = ("_lines",)

    def __init__(self, lines: dict[Slot, CallLine] | None = None) -> None:
        self._lines = lines or {}

    def __bool__(self) -> bool:
        """Return whether there is a recorded call."""
        return bool(self._lines)

    def find(self, slot: Slot, digest: str) -> CallLine | None:
        """Return the recorded line, or None. Errors: ServiceFault("journal") if the recorded request differs."""
        if not self._lines:
            return None
        line = self._lines.get(slot)
        if line is not None and line.digest != digest:
            raise ServiceFault(
                "journal",
                f"{slot.seat}, turn {slot.turn}, step {slot.step}: the recorded {slot.kind} call has another request"
                " digest, so the run's inputs or code changed since it was recorded",
            )
        return line


def read_calls(path: Path, checked: bool = False) -> Iterator[tuple[Place, CallLine]]:
    """Yield the lines of a journal; an unfinished last line does not count. Without a file there are no calls.

    `checked`: as of JournalIndex.scan.  Errors: DataError naming file, line and pointer of a malformed call.
    """
    if not readable(path):
        return
    for number, (offset, raw) in enumerate(read_lines(path), 1):
        if raw.endswith(b"\n"):  # otherwise torn by a kill; it is cut before the next append (cut_torn_line)
            yield Place(number, offset), (CallLine.briefly(raw) if checked else None) or _call(path, number, raw)


def _call(path: Path, number: int, raw: bytes) -> CallLine:
    return CallLine.from_json(parse_line(path, number, raw), str(path), f"line {number}")


class JournalIndex:
    """Places of the recorded calls of a journal file, by trial and attempt; lines are read when a trial asks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places = LinesByKey()
        self._attempts: set[int] = set()
        """All attempts that some trial has."""
        self._lock = threading.Lock()

    def scan(
        self, wanted: Container[str] | None, each: Callable[[CallLine], None] | None = None, checked: bool = False
    ) -> None:
        """Read the file once; keep places of the `wanted` trials (None: all); hand every line to `each`.

        `checked`: each line was checked when it was written or read before (soundness.is_vouched), so only the needed
        members are read.  Errors: as of `read_calls`.
        """
        for place, line in read_calls(self.path, checked):
            if each is not None:
                each(line)
            if line.settled and (wanted is None or line.trial in wanted):
                self.enter(line, place)

    def find(self, wanted: Container[str]) -> None:
        """Keep places of the `wanted` trials in a journal that was checked, without reading the lines of others."""
        if not readable(self.path):
            return
        for number, (offset, raw) in enumerate(read_lines(self.path), 1):
            began = TRIAL_START.match(raw)
            if raw.endswith(b"\n") and (began is None or json.loads(began[1]) in wanted):
                line = CallLine.briefly(raw) or _call(self.path, number, raw)
                if line.settled and line.trial in wanted:
                    self.enter(line, Place(number, offset))

    def enter(self, line: CallLine, place: Place) -> None:
        """Add a line that is in the file."""
        self._attempts.add(line.attempt)
        self._places.add(_attempt_key(line.trial, line.attempt), place)

    def attempts(self, trial: str) -> list[int]:
        """Return the attempts of a trial that have recorded calls, ascending."""
        return sorted(attempt for attempt in self._attempts if _attempt_key(trial, attempt) in self._places)

    def recorded(self, trial: str, attempt: int, forget: bool = True) -> Recorded:
        """Return the recorded calls of one attempt; `forget` forgets their places."""
        key = _attempt_key(trial, attempt)
        with self._lock:
            places = list(self._places.of(key))
            if forget and places:
                self._places.forget(key)
        if not places:
            return Recorded()
        lines: dict[Slot, CallLine] = {}
        with reading(self.path) as file:
            for number, offset in places:
                file.seek(offset)
                line = _call(self.path, number, file.readline())
                lines[line.slot] = line
        return Recorded(lines)


def _attempt_key(trial: str, attempt: int) -> str:
    return f"{attempt}/{trial}"


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
