"""Does a built calculator match the sources next to it? Asked before every run, so it must be quick and right.

A binary newer than every source file is taken as theirs. A copy of a clone gives files new times, so next to the binary
is a stamp, the digest of its sources: while it matches, nothing is rebuilt.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path


def is_fresh(binary: Path, crate: Path) -> bool:
    """Return whether `binary` exists and was built from the sources in `crate`; renews its stamp where that is old."""
    if not binary.is_file():
        return False
    built_at, stamp = binary.stat().st_mtime_ns, _stamp(binary)
    if built_at >= max(path.stat().st_mtime_ns for path in _sources(crate)):
        if not stamp.is_file() or stamp.stat().st_mtime_ns < built_at:
            mark(binary, crate)
        return True
    if not stamp.is_file() or stamp.read_text("ascii", "replace").strip() != digest(crate):
        return False
    _touch(binary)  # the next look is the quick one
    _touch(stamp)
    return True


def mark(binary: Path, crate: Path) -> None:
    """Write down that `binary` is that of the sources as they are now. A folder that takes no files is left alone."""
    _touch(binary)  # cargo leaves a binary alone where a changed file changes nothing in it
    with contextlib.suppress(OSError):
        _stamp(binary).write_text(digest(crate) + "\n", encoding="ascii")


def digest(crate: Path) -> str:
    """Return the SHA-256 over name and content of every file that the binary is made of."""
    whole = hashlib.sha256(b"calculator-sources/1\0")
    for path in _sources(crate):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(crate).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _sources(crate: Path) -> list[Path]:
    found = [crate / "Cargo.toml", crate / "Cargo.lock", *(crate / "src").rglob("*")]
    return sorted(path for path in found if path.is_file())


def _stamp(binary: Path) -> Path:
    return binary.with_name(f"{binary.name}.sources")


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(path)
