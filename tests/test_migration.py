"""What the predecessor's README names: in the table of docs/migration.md, in its place, and able to start."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from arena.families.crypto.spec import SPEC
from arena.settings.table import VARIABLES
from tests.support.arena_rig import ROOT, environment

PAGE = (ROOT / "docs/migration.md").read_text(encoding="utf-8")
SCRIPTS = (
    "run_base_vs_tuned_arena_comparison", "run_default_marco_base_arena", "cryptomath_lambda_contract_test",
    "build_dataset", "submit_openai_batch", "openai_batch_status", "openai_download_file",
    "postprocess_tool_transcripts", "validate_tool_transcripts", "fireworks_sanitize_sft_dataset", "finalize_dataset",
    "fireworks_sft", "marco_defaults",
)  # fmt: skip
FLAGS = (
    "--challenges", "--challenge-split", "--out", "--participant-provider", "--judge-provider", "--calculator-provider",
    "--calculator-lambda-url", "--repetitions", "--workers", "--max-turns", "--max-tool-calls-per-turn", "--progress",
    "--continue-on-error", "--resume",
)  # fmt: skip
NAMES = (
    "FIREWORKS_API_KEY", "OPENAI_API_KEY", "OPENAI_MODEL_JUDGE", "CRYPTOMATH_LAMBDA_URL", "FIREWORKS_MODEL_PARTICIPANT",
    "ARENA_SSL_VERIFY", "ARENA_PRINT_HTTP_ERRORS", "ARENA_JUDGE_MAX_CHARS_PER_MESSAGE", "ARENA_JUDGE_MAX_CHARS_TOTAL",
    "OPENAI_BASE_URL", "FIREWORKS_BASE_URL",
)  # fmt: skip
PLACES = (
    "arena/run.py", "src/crypto-challenges/benchmark_challenges_diverse_v2.json", "src/crypto-knowledge",
    "config/marco_defaults.yaml", "state/reports", "state/sft_jobs", "state/v3_dataset_pipeline.md",
    "scripts/deploy_cryptomath_lambda.sh",
)  # fmt: skip
FILES = (
    "manifest.json", "api_calls.jsonl", "matches.jsonl", "summary.json", "matches_scores.csv", "challenge_summary.csv",
    "role_views", "matches",
)  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_of_the_predecessor_starts(name: str) -> None:
    path = ROOT / "scripts" / f"{name}.py"
    assert f"scripts/{name}.py" in PAGE
    done = subprocess.run([sys.executable, path, "--help"], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0 and b"usage: " in done.stdout and not done.stderr


@pytest.mark.parametrize("flag", FLAGS)
def test_flag_of_the_predecessor_is_a_flag(flag: str) -> None:
    assert f"`{flag}`" in PAGE and any(flag in row.flags for row in SPEC.settings)


@pytest.mark.parametrize("name", NAMES)
def test_variable_of_the_predecessor_is_read(name: str) -> None:
    known = {row.env for row in SPEC.settings} | {row.name for row in VARIABLES}
    assert f"`{name}`" in PAGE and name in known


@pytest.mark.parametrize("place", PLACES)
def test_place_of_the_predecessor_is_there(place: str) -> None:
    assert place in PAGE and (ROOT / place).exists()


@pytest.mark.parametrize("name", FILES)
def test_file_of_a_run_is_written(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}[`/]", PAGE) and (ROOT / "state/examples/mock-three" / name).exists()


def test_nothing_is_missing_any_more() -> None:
    assert "not there yet" not in PAGE.lower()
