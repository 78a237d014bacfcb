"""A small disk in memory (tmpfs) as a run directory: it fills up while a run is played, and is enlarged afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENLARGED = 256 * 1024 * 1024


def why_not() -> str:
    """Return why a small disk cannot be mounted here, with a remedy; empty if it can."""
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return "only root may mount a small disk: run it as root, in a container say"
    if shutil.which("mount") is None or shutil.which("umount") is None:
        return "mount is missing: install util-linux"
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        tried = _mount(Path(folder), "size=64k")
        if tried.returncode:
            return f"this system does not let root mount a tmpfs: {tried.stderr.strip()}"
        subprocess.run(["umount", folder], check=True)
    return ""


def _mount(folder: Path, options: str) -> subprocess.CompletedProcess[str]:
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Make a folder that is a disk of `size` bytes, rounded up to whole pages."""
    folder.mkdir()
    _mount(folder, f"size={size},mode=755").check_returncode()
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def enlarge(folder: Path) -> None:
    """Give a small disk more room than any run here takes."""
    _mount(folder, f"remount,size={ENLARGED}").check_returncode()
