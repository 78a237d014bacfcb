"""What only POSIX systems have, in one place: locks, limits, processes that fork, folders by descriptor.

A run directory is opened folder by folder without following links, and locked during a run. A system without
these calls cannot keep those promises, so `require` refuses before a command is imported, and says what to use instead.
"""

from __future__ import annotations

import os

from arena.errors import UsageError

try:
    import fcntl
    import resource
except ImportError:  # Windows
    LOCKS = False
else:
    LOCKS = True

NEEDED = {
    "locks of folders": LOCKS,
    "files opened below a folder's descriptor": os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd,
    "files opened without following links": hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY"),
}
"""What every command needs that reads or writes a run -> whether this system has it."""


def require(needed: dict[str, bool] | None = None) -> None:
    """Errors: UsageError naming what this system lacks, and where the arena runs."""
    lacking = [what for what, there in (NEEDED if needed is None else needed).items() if not there]
    if lacking:
        raise UsageError(
            f"this system has no {', '.join(lacking)}, so no run directory is safe on it; use Linux or macOS,"
            " on Windows its Subsystem for Linux, or a container (deploy/Dockerfile)"
        )


def can_fork() -> bool:
    """Return whether this system can fork, which --processes needs."""
    return hasattr(os, "fork")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def try_lock(descriptor: int) -> None:
    """Hold an open folder until it is closed. Errors: BlockingIOError if it is held; OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def open_files() -> tuple[int, int]:
    """Return how many files may be open: the soft and the hard limit; -1 where there is none."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def allow_open_files(limits: tuple[int, int]) -> None:
    """Set the soft and the hard limit. Errors: OSError, ValueError if the system allows less."""
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def unlimited(limit: int) -> bool:
    """Return whether a limit of `open_files` is none."""
    return limit == resource.RLIM_INFINITY
