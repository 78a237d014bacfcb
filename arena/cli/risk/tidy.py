"""`arena risk tidy`: remove files from a run's folder that are not part of a run and can be written again."""

from __future__ import annotations

import argparse
import os

from arena.analysis.risk.results import RUN_JSON, TOP_FILES
from arena.analysis.risk.rows_file import ROWS_FILE, experiments_in
from arena.cli.console import Console
from arena.cli.risk.places import CELLS_DIR, chosen_folder, names_below
from arena.engine.summary import SCORES_CSV
from arena.errors import EXIT_OK, UsageError, one_line
from arena.families.risk.imports.table import IMPORT
from arena.families.risk.spec import SPEC
from arena.policy.gate_times import GATE_TIMES_FILE
from arena.policy.recorded_calls import RECORDED_CALLS
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT
from arena.store.digests import DIGESTS_FILE, renew
from arena.store.journal import JOURNAL_FILE
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, RECORDS_FILE, SUMMARY_FILE, TIMINGS_FILE

KEPT = frozenset({
    *TOP_FILES, MANIFEST_FILE, RECORDS_FILE, JOURNAL_FILE, TIMINGS_FILE, SUMMARY_FILE, SCORES_CSV, DIGESTS_FILE,
    f"{SPEC.words.unit}_summary.csv", IMPORT, RECORDED_CALLS, GATE_TIMES_FILE,
})  # fmt: skip
"""What a run consists of, besides its inputs, the combinations of a sweep and the folders of its experiments."""


def run(options: argparse.Namespace, console: Console) -> int:
    """Remove the redundant files and print each; return 0. With --dry-run nothing is removed."""
    folder = chosen_folder(options, load_dotenv(os.environ, DATA_ROOT))
    experiments = experiments_in(folder)
    if not experiments:
        raise UsageError(f"{folder} holds no rows (<experiment>/{ROWS_FILE}): it is not a run of `arena risk`")
    rows = {f"{name}/{file}" for name in experiments for file in (ROWS_FILE, RUN_JSON)}
    redundant = [
        name
        for name in names_below(folder)
        if name not in KEPT and name not in rows and not name.startswith((f"{INPUTS_DIR}/", f"{CELLS_DIR}/"))
    ]
    word = "would remove" if options.dry_run else "removed"
    for name in redundant:
        if not options.dry_run:
            (folder / name).unlink()
        console.result(one_line(f"{word} {name}"))
    if not options.dry_run:
        for place, _, _ in os.walk(folder, topdown=False):
            if place != str(folder) and not os.listdir(place):
                os.rmdir(place)
        if redundant and (folder / DIGESTS_FILE).is_file():
            renew(folder, redundant)
    files = "1 redundant file" if len(redundant) == 1 else f"{len(redundant)} redundant files"
    console.result(one_line(f"{folder}: {files}"))
    return EXIT_OK
