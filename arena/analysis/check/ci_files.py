"""Writes the CI outputs of a run to the places that its flags name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.check.ci_outputs import CiRecord
from arena.analysis.check.github import SUMMARY_LIMIT, SUMMARY_MARGIN, annotation_lines, step_summary
from arena.analysis.check.junit import junit
from arena.errors import UsageError
from arena.store import digests
from arena.store.rundir import require_writable, write_output


@dataclass(frozen=True, slots=True)
class CiTargets:
    """The outputs to write: a JUnit file, a Markdown file to append to, annotations."""

    junit: Path | None = None
    github_summary: Path | None = None
    annotations: bool = False

    def __bool__(self) -> bool:
        return self.junit is not None or self.github_summary is not None or self.annotations

    def require_writable(self) -> None:
        """Errors: UsageError if a file cannot be written: found before a run that would be played for it."""
        for path in (self.junit, self.github_summary):
            if path is not None:
                require_writable(path)


def write_ci_outputs(
    record: CiRecord, targets: CiTargets, run_dir: Path, say: Callable[[str], None], warn: Callable[[str], None]
) -> None:
    """Write the outputs; `say` prints a line of annotations unchanged. Missing folders are made.

    Files in a finished run directory are entered into its list of digests, so no process may have locked the directory.
    Errors: UsageError if a file cannot be written.
    """
    written = []
    if targets.junit is not None:
        write_output(targets.junit, junit(record))
        written.append(targets.junit)
    if targets.github_summary is not None and _append_summary(record, targets.github_summary, warn):
        written.append(targets.github_summary)
    if targets.annotations:
        for line in annotation_lines(record):
            say(line)
    inside = [path.resolve() for path in written if path.resolve().is_relative_to(run_dir.resolve())]
    if inside and (run_dir / digests.DIGESTS_FILE).is_file():
        digests.renew(run_dir, [path.relative_to(run_dir.resolve()).as_posix() for path in inside])


def _append_summary(record: CiRecord, path: Path, warn: Callable[[str], None]) -> bool:
    require_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            text = step_summary(record, SUMMARY_LIMIT - SUMMARY_MARGIN - file.tell())
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; name another file") from None
    if not text:
        warn(f"{path} holds nearly as much as GitHub takes of one step (1 MiB): nothing was appended")
    return bool(text)
