"""scripts/aggregate_multi_seed_results.py: the command under the predecessor's name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from arena.families.cheaptalk.findings.run import Rules
from arena.families.cheaptalk.outputs.write import ResultRules, write_outputs
from tests.families.cheaptalk.made_runs import PROTOCOLS, SIX, run_of_all
from tests.support.arena_rig import ROOT

SCRIPT = ROOT / "scripts/aggregate_multi_seed_results.py"


def carried_out(*words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "SEEDS"}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, env=environ, check=False
    )


def test_script_sums_up_files_placed_by_hand(tmp_path: Path) -> None:
    write_outputs(run_of_all(4, (7, 8)), tmp_path, ResultRules(Rules(42, PROTOCOLS, SIX, resamples=20)))
    (tmp_path / "submission_multi_seed_summary.json").unlink()
    ended = carried_out(str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "") and "seeds 7, 8: 6 files" in ended.stdout
    assert (tmp_path / "submission_multi_seed_summary.json").is_file()


def test_script_without_results_ends_with_2(tmp_path: Path) -> None:
    ended = carried_out(str(tmp_path))
    assert ended.returncode == 2 and "holds no result of a seed" in ended.stderr
