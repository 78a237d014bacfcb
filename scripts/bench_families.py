"""Processor time of a risk trial and of a cheap-talk episode, for `make bench`: playing alone, and the whole run.

Mock players, one worker, in this process. A run of one unit comes first, so that no import is counted.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from arena.cli.entry import main  # noqa: E402
from arena.engine.session import Session  # noqa: E402
from arena.formats.tables import text_table  # noqa: E402

RISK = (
    "risk", "run", "--gates", "config/gates.yaml", "--evaluator", "config/evaluator.yaml", "--max-total-tokens", "none",
    "--max-prompt-tokens", "none", "--max-completion-tokens", "none", "--trials",
)  # fmt: skip
CHEAPTALK = (
    "cheaptalk", "run", "--protocols", "p1,p2,p3", "--deviations", "honest,lie,withhold,persuasion_only", "--num-tasks",
)  # fmt: skip

ROWS: tuple[tuple[str, Sequence[str], int], ...] = (
    ("risk trial, gates and evaluator", RISK, 100),
    ("cheap-talk episode, three protocols", CHEAPTALK, 100),
)
"""The name of a run, its flags without the number of units, and that number."""


def played(words: Sequence[str], units: int, folder: Path) -> tuple[int, float, float]:
    """Play a run; return its trials, and the processor seconds of playing and of the whole command."""
    spent = [0.0]
    play = Session._play

    def timed(session: Session, *args: object, **more: object) -> object:
        began = time.process_time()
        try:
            return play(session, *args, **more)  # type: ignore[arg-type]
        finally:
            spent[0] += time.process_time() - began

    Session._play = timed  # type: ignore[method-assign,assignment]
    began = time.process_time()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            code = main([*words, str(units), "--workers", "1", "--quiet", "--out", str(folder)])
    finally:
        Session._play = play  # type: ignore[method-assign]
    whole = time.process_time() - began
    if code:
        raise SystemExit(f"{' '.join(words)} {units} ended with {code}")
    return json.loads((folder / "summary.json").read_bytes())["n_matches"], spent[0], whole


def family_lines(folder: Path) -> list[str]:
    """Return a table of processor milliseconds a trial."""
    rows = []
    for number, (name, words, units) in enumerate(ROWS):
        played(words, 1, folder / f"family-{number}-first")
        trials, playing, whole = played(words, units, folder / f"family-{number}")
        rows.append(
            [name, f"{trials:,}", f"{playing / trials * 1000:.2f} ms", f"{whole / trials * 1000:.2f} ms"],
        )
    return text_table(["processor time of one", "played", "playing", "the whole run"], rows).splitlines()
