"""Experiment files: the predecessor's keys are read, an unknown or idle key is refused with its pointer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.families.cheaptalk.experiments.experiment import Baseline, Experiment, decode_experiment, read_experiment
from arena.families.cheaptalk.payoff import PayoffConfig
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.families.cheaptalk.verifying.rating import Weights

FOLDER = Path(__file__).resolve().parents[3] / "config" / "cheaptalk"


def shipped() -> dict[str, Experiment]:
    return {path.stem: read_experiment(path) for path in sorted(FOLDER.glob("milestone*.yaml"))}


def problems(value: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        decode_experiment(value, "x.yaml")
    return [f"{issue.pointer} {issue.message}" for issue in caught.value.issues]


def test_shipped_files_are_the_four_milestones() -> None:
    found = shipped()
    assert list(found) == ["milestone1", "milestone2", "milestone3", "milestone4"]
    assert found["milestone1"].protocols == found["milestone2"].protocols == ("p1_evidence_first",)
    assert found["milestone1"].deviations == ("honest", "no_evidence") and len(found["milestone2"].deviations) == 6
    assert len(found["milestone4"].protocols) == 3 and found["milestone4"].seeds == (42, 123, 456)
    assert found["milestone4"].reputation == ReputationConfig()
    assert found["milestone3"].budget.max_llm_calls_per_task == 10


def test_shipped_baselines_are_the_predecessors() -> None:
    assert shipped()["milestone3"].baselines == (
        Baseline("self_consistency_k5", "self_consistency", k_samples=5, temperature=0.7),
        Baseline("self_refine_r2", "self_refine", num_rounds=2, temperature=0.3),
        Baseline("protocol_p1", "protocol", "p1_evidence_first"),
    )


def test_empty_file_means_the_defaults() -> None:
    found = decode_experiment({}, "x.yaml")
    assert found == Experiment() and (found.num_tasks, found.seeds, found.payoff) == (500, (42,), PayoffConfig())


def test_every_key_arrives() -> None:
    found = decode_experiment(
        {
            "experiment": {"name": "x", "num_tasks": 5, "seeds": [1, 2]},
            "llm": {"provider": "openai", "model": "m", "temperature": 0, "api_key_env": "KEY"},
            "dataset": {"name": "fever", "split": "dev", "num_samples": 9},
            "payoff_config": {"lambda_cost": 0.1, "mu_penalty": 1, "token_cost_per_1k": 2, "tool_call_cost": 3},
            "verifier": {
                "use_semantic_matching": True,
                "use_llm_evidence_eval": True,
                "evidence_score_weights": {"string_match": 0.25, "llm": 0.75},
            },
            "p2_config": {"num_cross_exam_questions": 1, "question_templates": ["refuting", "weakest"]},
            "p3_config": {"rep_alpha": 0.2, "redemption_streak": 5},
            "output": {"save_episodes": False, "path": "a.jsonl"},
        },
        "x.yaml",
    )
    assert (found.name, found.num_tasks, found.seeds, found.llm.temperature) == ("x", 5, (1, 2), 0.0)
    assert (found.dataset.name, found.dataset.split, found.dataset.num_samples) == ("fever", "dev", 9)
    assert found.payoff == PayoffConfig(0.1, 1.0, 2.0, 3.0)
    assert found.verifier.weights == Weights(0.25, 0.75) and found.verifier.use_semantic_matching
    assert found.cross_exam.question_templates == ("refuting", "weakest")
    assert found.reputation == ReputationConfig(rep_alpha=0.2, redemption_streak=5)
    assert not found.output.save_episodes and found.output.save_summary


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"experimnt": {}}, "/experimnt is unknown; did you mean experiment?"),
        ({"experiment": {"num_task": 3}}, "/experiment/num_task is unknown; did you mean num_tasks?"),
        ({"experiment": {"num_tasks": 0}}, "/experiment/num_tasks must be a whole number of 1 or more"),
        ({"experiment": {"num_tasks": True}}, "/experiment/num_tasks must be a whole number"),
        ({"experiment": {"seed": "42"}}, "/experiment/seed must be a whole number, or a list"),
        ({"experiment": {"seeds": [1, 1]}}, "/experiment/seeds names one seed twice"),
        ({"experiment": {"seed": 1, "seeds": [1]}}, "/experiment/seeds says the same as seed"),
        ({"experiment": []}, "/experiment is not a mapping"),
        ({"payoff": {"lambda_cost": -1}}, "/payoff payoff lambda_cost is -1.0"),
        ({"payoff": {}, "payoff_config": {}}, "/payoff_config says the same as payoff"),
        ({"protocol": {"name": "p1", "protocol_id": "p1"}}, "/protocol/protocol_id says the same as name"),
        ({"protocols": "p1"}, "/protocols must be a list of names"),
        ({"deviations": ["lie", "lie"]}, "/deviations names one thing twice"),
        ({"verifier": {"evidence_score_weights": {"llm": 1}}}, "has no effect without use_llm_evidence_eval"),
        ({"verifier": {"use_llm_evidence_eval": "yes"}}, "/verifier/use_llm_evidence_eval must be true or false"),
        ({"baselines": [{"name": "x", "type": "vote"}]}, "/baselines/0/type must be one of self_consistency"),
        ({"baselines": [{"name": "x", "type": "self_refine", "k_samples": 3}]}, "/baselines/0/k_samples is unknown"),
        ({"baselines": [{"name": "x", "type": "protocol"}]}, "/baselines/0/protocol_id is missing"),
        ({"p2_config": {"num_cross_exam_questions": 7}}, "/p2_config/num_cross_exam_questions is 7"),
        ({"p2_config": {"question_templates": ["hardest"]}}, "'hardest' is unknown"),
        ({"p3_config": {"rep_floor": 0.9}}, "/p3_config a reputation starts at 0.7"),
        ({"output": {"storage_type": "sqlite"}}, "/output/storage_type must be jsonl"),
        ({"experiment": {"num_tasks": 9}, "dataset": {"num_samples": 5}}, "is 9, but dataset/num_samples loads 5"),
        ({"llm": {"temperature": "warm"}}, "/llm/temperature must be a number"),
    ],
)
def test_problem_is_refused_with_its_pointer(value: Any, problem: str) -> None:
    found = problems(value)
    assert len(found) == 1 and problem in found[0]


def test_all_problems_come_at_once() -> None:
    assert len(problems({"llm": {"modle": "m"}, "dataset": {"num_samples": -1}, "output": 3})) == 3


def test_file_without_a_mapping_is_refused() -> None:
    assert problems(["experiment"]) == [" is not a mapping; give keys such as `experiment:`"]
