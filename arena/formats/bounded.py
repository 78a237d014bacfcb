"""Read untrusted files and JSON: regular files only, bounded in size, line, depth and digits.

A FIFO would wait forever, a device may never end, a sparse file claims terabytes, and a few bytes of JSON can exhaust
the stack. Every reader of untrusted files uses this module, so that each of these becomes a DataError with a file name.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, NoReturn

from arena.errors import DataError, Issue
from arena.formats.json_types import Json

MAX_LINE_BYTES = 64 * 1024 * 1024
"""The longest record seen so far has 2 MB; a line is kept in memory as a whole."""

MAX_DEPTH = 64
"""The deepest value that the arena writes is a calculator's answer (32 levels) within a record."""

MAX_DIGITS = 300
"""No number used in computations is longer: floats end at 309 digits, and integers of the calculator are texts."""

MAX_COMMAS = 2_000_000
"""Bounds the members and entries of one JSON text, each of which costs some 100 bytes of memory."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class BadNumber(ValueError):
    """A number that is too long for any computation, or not a number at all."""


def kind_of(mode: int) -> str:
    """Return the kind of a file, for a message, from its `st_mode`."""
    return next((name for is_it, name in _KINDS if is_it(mode)), "a regular file")


def open_regular(path: str | Path, flags: int = os.O_RDONLY, folder: int | None = None, mode: int = 0o666) -> int:
    """Return a descriptor of a regular file, without waiting for a FIFO's other end.

    `folder`: descriptor of the folder to which `path` is relative. Errors: OSError, also if it is not a regular file.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode, dir_fd=folder)
    found = os.fstat(descriptor).st_mode
    if stat.S_ISREG(found):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, f"it is {kind_of(found)}, not a regular file", str(path))


def open_file(path: Path) -> BufferedReader:
    """Return a regular file open for reading. Errors: OSError as of `open_regular`."""
    return os.fdopen(open_regular(path), "rb")


def read_file(path: Path, max_bytes: int, hint: str = "") -> bytes:
    """Return the bytes of a regular file. Errors: DataError if it cannot be read or is larger than `max_bytes`.

    `hint`: what to do, added to the reason why a file cannot be read.
    """
    try:
        with open_file(path) as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError([Issue(str(path), "", f"cannot be read: {reason}{hint}")]) from None
    except MemoryError:
        _fail(str(path), "", "needs more memory than available")
    if len(data) > max_bytes:
        size = f"{max_bytes / 2**20:g} MiB" if max_bytes >= 2**20 else f"{max_bytes} bytes"
        raise DataError([Issue(str(path), "", f"is larger than {size}, the most that is read; split the file")])
    return data


def read_text(path: Path, max_bytes: int) -> str:
    """Return a regular UTF-8 file as text. Errors: DataError as of `read_file`, or if it is not UTF-8."""
    try:
        return read_file(path, max_bytes).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError([Issue(str(path), f"byte {error.start}", "is not UTF-8")]) from None


def with_newlines(text: str) -> str:
    """Return a text whose lines all end in a newline, as on this system: those of Windows end in CR and LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(
    file: IO[bytes], name: str, max_bytes: int = MAX_LINE_BYTES, before: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line with its newline). Errors: DataError naming the line that is longer than `max_bytes`.

    `before`: lines of the file that were read already; the offset counts from their end.
    """
    offset, number = 0, before
    while line := file.readline(max_bytes + 1):
        number += 1
        if len(line) > max_bytes:
            _fail(name, f"line {number}", f"is longer than {max_bytes} bytes, the most that is read")
        yield offset, line
        offset += len(line)


def parse_json(data: bytes, file: str, place: str = "") -> Json:
    """Return the value of a JSON text. `file` and `place` name it in errors.

    Errors: DataError if it is not JSON, is deeper than MAX_DEPTH, has a number of more than MAX_DIGITS digits or
    none (NaN, Infinity), or more members than MAX_COMMAS.
    """
    if data.count(b",") > MAX_COMMAS:
        _fail(file, place, f"holds more than {MAX_COMMAS:,} members, the most that is read")
    try:
        value: Json = decoder_for(data).decode(data.decode("utf-8-sig"))
    except BadNumber as error:
        _fail(file, place, str(error))
    except RecursionError:
        _fail(file, place, f"is nested deeper than {MAX_DEPTH} levels")
    except MemoryError:
        _fail(file, place, "needs more memory than available")
    except json.JSONDecodeError as error:
        place = f"{place}, column {error.colno}" if place else f"line {error.lineno}, column {error.colno}"
        _fail(file, place, f"is not JSON: {error.msg}")
    except UnicodeDecodeError:
        _fail(file, place, "is not UTF-8")
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and deeper_than(value, MAX_DEPTH):
        _fail(file, place, f"is nested deeper than {MAX_DEPTH} levels")
    return value


def deeper_than(value: Json, most: int) -> bool:
    """Return whether a JSON value has more than `most` levels of lists and objects. Does not recurse."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
    return bool(level)


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise BadNumber(f"has a number of {len(digits)} characters; the most is {MAX_DIGITS}")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise BadNumber(f"has the number {digits[:40]}, which no float can hold")
    return value


def _no_number(word: str) -> NoReturn:
    raise BadNumber(f"holds {word}, which is not a number in JSON")


def _fail(file: str, place: str, message: str) -> NoReturn:
    raise DataError([Issue(file, place, message)]) from None


DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_no_number)
"""Decodes JSON and refuses numbers that are too long or not finite. Errors: ValueError, RecursionError."""

_SHORT_INTEGERS = json.JSONDecoder(parse_float=_float, parse_constant=_no_number)
"""The same for texts in which no integer is too long, so that integers need no Python call."""
_DIGITS_AS_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG = b"0" * MAX_DIGITS


def decoder_for(data: bytes) -> json.JSONDecoder:
    """Return the decoder for a JSON text: the faster one if it contains no run of MAX_DIGITS digits."""
    long = len(data) >= MAX_DIGITS and _LONG in data.translate(_DIGITS_AS_ZEROS)
    return DECODER if long else _SHORT_INTEGERS
