"""The limit on open files: raised to what the workers need, or a clear error that names how many fit."""

from __future__ import annotations

from collections.abc import Callable

from arena.errors import UsageError
from arena.formats import posix

RESERVED = 64
"""Descriptors for everything that is not a worker's connection: run files, the calculator's pipes, libraries."""

PER_WORKER = 2
"""One connection to the player's model and one to the judge's; a connection is closed before its successor opens."""


def ensure_descriptors(
    workers: int,
    per_worker: int = PER_WORKER,
    get_limit: Callable[[], tuple[int, int]] = posix.open_files,
    set_limit: Callable[[tuple[int, int]], None] = posix.allow_open_files,
) -> int:
    """Make sure that `workers` threads can hold `per_worker` connections each; return the limit now in force.

    Raises the soft limit as far as the hard one allows. Raises UsageError naming the number of workers that fit.
    """
    needed = RESERVED + workers * per_worker
    soft, hard = get_limit()
    if _at_least(soft, needed):
        return soft
    if _at_least(hard, needed):
        try:
            set_limit((needed, hard))
            return needed
        except (OSError, ValueError):  # some systems allow less than the hard limit says
            hard = soft
    fit = max(0, (max(soft, hard) - RESERVED) // per_worker)
    raise UsageError(
        f"{workers} workers need {needed} open files, but only {max(soft, hard)} are allowed: "
        f"use --workers {max(fit, 1)} or less, or raise the limit (ulimit -n {needed})"
    )


def _at_least(limit: int, needed: int) -> bool:
    return posix.unlimited(limit) or limit >= needed
