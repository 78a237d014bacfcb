"""`arena cheaptalk aggregate`: the summary over seeds and the paper's tables, from the result files of each seed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from arena.cli.console import Console
from arena.cli.run_choice import newest, which_run
from arena.errors import EXIT_OK, UsageError, one_line
from arena.families.cheaptalk.outputs.across_seeds import SUMMARY_FILE, aggregate
from arena.families.cheaptalk.outputs.paper import LATEX_FILE, MARKDOWN_FILE, as_latex, as_markdown, paper_tables
from arena.formats.bounded import read_file
from arena.formats.strict_json import MAX_BYTES
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT
from arena.store.digests import DIGESTS_FILE, renew
from arena.store.files import require_folder, write_atomic
from arena.store.rundir import MANIFEST_FILE, pretty_json

SEEDS_VARIABLE = "SEEDS"


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the summary over seeds and the tables; print what was read and which parts stay null; return 0."""
    folder = _folder(options)
    seeds = seeds_of(options.seeds, load_dotenv(os.environ, DATA_ROOT))
    found = aggregate(folder, seeds)
    out = folder if options.out is None else options.out
    files: dict[str, bytes] = {SUMMARY_FILE: pretty_json(found.summary)}
    tables = paper_tables(found.summary)
    if tables:
        files |= {MARKDOWN_FILE: as_markdown(tables), LATEX_FILE: as_latex(tables)}
    _write(out, files)
    for line in found.lines():
        console.result(one_line(line))
    console.result(one_line(f"wrote {', '.join(str(out / name) for name in files)}"))
    return EXIT_OK


def _folder(options: argparse.Namespace) -> Path:
    """Return DIR, or the newest run. Errors: UsageError for none and for both."""
    folder: Path | None = options.folder
    if folder is not None and options.last:
        raise UsageError("DIR and --last contradict each other: give one of the two")
    if options.last:
        return newest(1)[0]
    if folder is None:
        raise which_run()
    return folder


def seeds_of(flag: str | None, environ: Mapping[str, str]) -> Sequence[int]:
    """Return the seeds of --seeds, else of SEEDS; none if neither names any. Blanks around commas are allowed.

    Errors: UsageError for anything but a list of whole numbers, naming its place.
    """
    where, text = ("--seeds", flag) if flag is not None else (SEEDS_VARIABLE, environ.get(SEEDS_VARIABLE, ""))
    if flag is None and not text.strip():
        return ()
    try:
        return tuple(int(part.strip()) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{where} must be whole numbers separated by commas, such as 42,123, not {text!r}") from None


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    """Write the files whole, and enter them into the digests of a finished run. Errors: UsageError."""
    require_folder(out)
    _keep_derived(out, files)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_atomic(out / name, data)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from None
    if (out / DIGESTS_FILE).is_file():
        renew(out, files)


def _keep_derived(out: Path, files: Mapping[str, bytes]) -> None:
    """Refuse to replace a run's own result, which follows from its records, by a different one. Errors: UsageError."""
    if not (out / MANIFEST_FILE).exists():
        return
    for name, data in files.items():
        if (out / name).is_file() and read_file(out / name, MAX_BYTES) != data:
            raise UsageError(f"{out} is a run, and its own {name} follows from its records and differs; "
                             "give --out DIR")  # fmt: skip
