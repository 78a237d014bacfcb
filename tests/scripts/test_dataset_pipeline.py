"""state/v3_dataset_pipeline.md, followed to the letter: from an empty folder to the comparison of two models."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.dataset.chat_shapes import problems_with_row
from arena.cli.entry import main
from tests.support.arena_rig import ROOT
from tests.support.training_services import ACCOUNT, TrainingServices

PAGE = ROOT / "state/v3_dataset_pipeline.md"
SET = ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
BLOCK = re.compile(r"^```sh( openai)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> str:
    """Return the commands of the page; where it has two services to choose from, those for both."""
    return "\n".join(block for _, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def test_the_page_names_every_script_of_the_pipeline() -> None:
    said = commands()
    for name in ("build_dataset", "submit_openai_batch", "openai_batch_status", "openai_download_file",
                 "postprocess_tool_transcripts", "validate_tool_transcripts", "fireworks_sanitize_sft_dataset",
                 "finalize_dataset", "fireworks_sft", "openai_sft", "run_base_vs_tuned_arena_comparison"):  # fmt: skip
        assert f"scripts/{name}.py" in said


@pytest.mark.long
def test_the_commands_lead_from_nothing_to_a_comparison(tmp_path: Path, calculator_binary: Path) -> None:
    folder, answers = tmp_path / "set", dict[str, str]()

    def answer(request: dict[str, Any]) -> str | None:
        if not answers:
            out = tmp_path / "answers.jsonl"
            assert main(["dataset", "mock-answers", str(folder / "requests.jsonl"), "--out", str(out), "--quiet"]) == 0
            for line in map(json.loads, out.read_bytes().splitlines()):
                answers[line["custom_id"]] = line["response"]["body"]["choices"][0]["message"]["content"]
        return answers[request["custom_id"]]

    with TrainingServices() as services:
        services.state.answer, services.state.polls = answer, 1
        environ = {**os.environ, **services.environ(), "ARENA_NO_DOTENV": "1", "D": str(folder), "LIMIT": "--limit 5",
                   "EVERY": "0.05", "BASE": f"accounts/{ACCOUNT}/models/base", "TUNED": "tuned", "JOB": "test-pipeline",
                   "OPENAI_BASE": "m",
                   "ARENA_CALCULATOR_BIN": str(calculator_binary),
                   "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                   "PLAY": "--judge-provider mock --calculator-provider none --limit 2 --max-turns 4 --repetitions 1"
                           " --quiet --no-progress --resamples 200"}  # fmt: skip
        records = [ROOT / f"state/sft_jobs/test-pipeline{end}.json" for end in ("", "-openai")]
        for record in records:
            record.unlink(missing_ok=True)
        try:
            script = ["bash", "-euo", "pipefail", "-c", commands()]
            ended = subprocess.run(script, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600)
            assert ended.returncode == 0, ended.stdout + ended.stderr
            states = [json.loads(record.read_bytes())["state"] for record in records]
            assert states == ["JOB_STATE_COMPLETED", "succeeded"]
        finally:
            for record in records:
                record.unlink(missing_ok=True)
        assert services.state.deployments == {} and len(services.state.deleted) == 2

    grounding = json.loads((folder / "grounding.json").read_bytes())
    assert grounding["answers"] == grounding["generated"] == 5 and grounding["fit"] >= 3
    varied = json.loads((folder / "varied/variation.json").read_bytes())
    assert varied["matches"] == varied["fit"] == 5 and varied["varied_turns"]
    card = json.loads((folder / "final/card.json").read_bytes())
    assert set(card["variation"]) == set(varied["varied_turns"])
    assert card["files"]["train.jsonl"]["rows"] > card["files"]["val.jsonl"]["rows"] > 0
    assert not set(card["units"]["train"]) & set(card["units"]["val"])
    held = {c["id"] for c in json.loads(SET.read_bytes())["challenges"] if c["split"] != "train"}
    assert not held & {unit for units in card["units"].values() for unit in units}
    for line in (folder / "final/train.jsonl").read_bytes().splitlines():
        assert list(problems_with_row(json.loads(line), "messages")) == []
    assert "tuned" in (folder / "report.txt").read_text(encoding="utf-8")
