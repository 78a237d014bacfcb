"""`arena cheaptalk`: flags, variables, experiment files, the subcommands next to playing."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from arena.families.cheaptalk.experiments.milestones import FOUR, SIX
from tests.families.cheaptalk.runs import by_condition, cheaptalk, details, records
from tests.support.arena_rig import ROOT

EXPERIMENTS = sorted((ROOT / "config/cheaptalk").glob("milestone*.yaml"))
P1, P2, P3 = "p1_evidence_first", "p2_cross_exam", "p3_slashing"


def played(out: Path) -> dict[tuple[str, str], int]:
    """Return (protocol, deviation) -> episodes."""
    return {key: len(found) for key, found in by_condition(out).items()}


# Subcommands


@pytest.mark.parametrize(
    ("subcommand", "expected"),
    [
        ("run", {(P1, one) for one in ("honest", "no_evidence")}),
        ("deviations", {(P1, one) for one in (*SIX, "no_message", "shuffled_message")}),
        ("baselines", {(P1, "honest"), ("self_consistency_k5", "baseline"), ("self_refine_r2", "baseline")}),
        ("protocols", {(protocol, one) for protocol in (P1, P2, P3) for one in FOUR}),
    ],
)
def test_subcommand_plays_its_milestone(subcommand: str, expected: set[tuple[str, str]], tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cheaptalk(subcommand, "--num-tasks", "2", "--out", str(out), "--quiet").code == 0
    assert played(out) == dict.fromkeys(expected, 2)


def test_shortened_names_are_written_out_in_the_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ("--num-tasks", "2", "--protocols", "P1,p2,p1_evidence_first", "--deviations", "Honest,persuasion")
    assert cheaptalk("run", *words, "--out", str(out), "--quiet").code == 0
    assert played(out) == dict.fromkeys(((name, one) for name in (P1, P2) for one in ("honest", "persuasion_only")), 2)


def test_beginning_of_several_names_is_refused_with_all_names() -> None:
    ended = cheaptalk("run", "--protocols", "p")
    assert ended.code == 2 and "there is no 'p'; there are: p1_evidence_first, p2_cross_exam, p3_slashing" in ended.err


def test_experiment_may_shorten_protocols(tmp_path: Path) -> None:
    text = "protocols: [P2]\ndeviations: [honest, lie]\n"
    out = tmp_path / "run"
    words = ("--config", str(experiment(tmp_path, text)), "--num-tasks", "2", "--out", str(out), "--quiet")
    assert cheaptalk("run", *words).code == 0
    assert set(played(out)) == {(P2, "honest"), (P2, "lie")}


def test_all_plays_what_milestones_share_once(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cheaptalk("all", "--num-tasks", "2", "--out", str(out), "--quiet").code == 0
    assert Counter(played(out).values()) == {2: 6 + 2 + 2 + 4 + 4}
    honest = by_condition(out)[P1, "honest"][0]
    assert honest.condition.milestones == ("milestone2", "milestone3", "milestone4")
    assert by_condition(out)[P1, "no_message"][0].condition.milestones == ()


def test_debug_prints_the_episode_and_the_verifier() -> None:
    ended = cheaptalk("debug", "--deviations", "lie")
    assert ended.code == 0
    parts = ("[sender]", "[receiver]", "[verifier]", "num_gt_sentences", "evidence_match_score")
    parts = (*parts, "followed its instruction: yes")
    for text in parts:
        assert text in ended.out


def test_debug_with_rating_shows_a_score_per_piece() -> None:
    found = json.loads(cheaptalk("debug", "--llm-eval", "--json").out)["detail"]["verifier"]
    assert found["rated"] and len(found["llm_scores"]) == found["pieces"] > 0
    assert found["match"] == pytest.approx((found["strict_match"] + found["llm_score"]) / 2)


def test_validate_says_what_it_checked() -> None:
    ended = cheaptalk("validate")
    assert ended.code == 0
    assert "p1_evidence_first takes 2 messages; p2_cross_exam takes 4 messages" in ended.out
    assert all(path.name in ended.out for path in EXPERIMENTS)


def test_validate_fails_for_data_that_cannot_be_used(tmp_path: Path) -> None:
    bad = tmp_path / "rows.jsonl"
    bad.write_text('{"claim": "x"}\n', encoding="utf-8")
    ended = cheaptalk("validate", "--dataset", "simple", "--data", str(bad))
    assert ended.code == 1 and "FAILED  data:" in ended.out


def test_validate_fails_for_an_episode_without_a_score() -> None:
    ended = cheaptalk("validate", "--max-calls", "1")
    failed = [line for line in ended.out.splitlines() if line.startswith("FAILED")]
    assert ended.code == 1 and len(failed) == 1
    found = re.fullmatch(r"FAILED  episodes: cheaptalk/p1_evidence_first/honest/[^/]+/seed_42 (.*)", failed[0])
    assert found is not None and found[1] == "has no score: budget: calls would reach 2, the limit is 1"


def test_dry_run_names_calls_and_plays_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("protocols", "--num-tasks", "10", "--dry-run", "--out", str(out))
    assert ended.code == 0 and not out.exists()
    # 3 calls of P1, 5 of P2 and of P3, for four deviations
    assert str(10 * 4 * (3 + 5 + 5)) in ended.out


# Claims and seeds


def test_more_tasks_than_samples_is_refused_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUM_TASKS", "20")
    monkeypatch.setenv("NUM_SAMPLES", "10")
    ended = cheaptalk("run")
    assert ended.code == 2 and "is 20 and NUM_SAMPLES (--num-samples) 10" in ended.err


def test_more_claims_than_the_data_has_is_refused() -> None:
    ended = cheaptalk("run", "--num-tasks", "500")
    assert ended.code == 2 and "NUM_TASKS (--num-tasks) is 500, and src/claims/claims.jsonl has 126 claims" in ended.err


def test_another_seed_plays_other_claims(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        cheaptalk("run", "--num-tasks", "10", "--seed", seed, "--out", str(tmp_path / seed), "--quiet")
    one, other = ({record.trial.unit for record in records(tmp_path / seed)} for seed in ("1", "2"))
    assert len(one) == len(other) == 10 and one != other


@pytest.mark.parametrize("text", ["42,123,456", " 42, 123 ,456 "])
def test_seeds_of_the_variable_are_all_played(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEDS", text)
    monkeypatch.setenv("SEED", "9")
    out = tmp_path / "run"
    assert cheaptalk("run", "--num-tasks", "2", "--out", str(out), "--quiet").code == 0
    assert Counter(one.condition.seed for one in details(out)) == {42: 4, 123: 4, 456: 4}
    assert {one.condition.repetition for one in details(out)} == {0, 1, 2}


def test_seed_flag_wins_over_the_variable_of_seeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEDS", "42,123")
    out = tmp_path / "run"
    assert cheaptalk("run", "--num-tasks", "2", "--seed", "5", "--out", str(out), "--quiet").code == 0
    assert {one.condition.seed for one in details(out)} == {5}


def test_seed_and_seeds_as_flags_are_refused() -> None:
    ended = cheaptalk("run", "--seed", "1", "--seeds", "2,3")
    assert ended.code == 2 and "--seed and --seeds contradict each other" in ended.err


def test_batch_size_is_accepted_and_said_to_mean_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BATCH_SIZE", "100")
    monkeypatch.setenv("MAX_CONCURRENT_EPISODES", "3")
    monkeypatch.setenv("RATE_LIMIT_RPM", "500")
    out = tmp_path / "run"
    ended = cheaptalk("run", "--num-tasks", "2", "--out", str(out))
    assert ended.code == 0 and "BATCH_SIZE (--batch-size) has no meaning here" in ended.err
    operation = ended.json("manifest.json")["operation"]
    assert (operation["workers"], operation["rpm"]) == (3, ["500"])


def test_model_of_the_variable_plays_both_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("OPENAI_API_KEYS", "sk-one,sk-two")
    ended = cheaptalk("run", "--participant-provider", "openai", "--num-tasks", "2", "--dry-run")
    assert ended.code == 0 and "openai/gpt-4o-mini" in ended.out


def test_senders_and_receivers_are_played_in_all_pairs(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("run", "--num-tasks", "2", "--sender-model", "mock/careful,mock/careless", "--receiver-model",
                      "mock/careful,mock/careless", "--out", str(out), "--quiet")  # fmt: skip
    assert ended.code == 0
    pairs = Counter((one.condition.sender, one.condition.receiver) for one in details(out))
    assert len(pairs) == 4 and set(pairs.values()) == {4}


# Experiment files


@pytest.mark.parametrize("path", EXPERIMENTS, ids=[path.stem for path in EXPERIMENTS])
def test_shipped_experiment_is_played_as_it_says(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("run", "--config", str(path), "--num-tasks", "4", "--out", str(out), "--quiet")
    assert ended.code == 0, ended.err
    settings = ended.json("manifest.json")["identity"]["settings"]
    assert settings["milestones"] == [path.stem] and settings["num_tasks"] == 4
    assert {one.condition.milestones for one in details(out)} == {(path.stem,)}


def test_four_experiments_are_shipped() -> None:
    assert [path.name for path in EXPERIMENTS] == [f"milestone{number}.yaml" for number in (1, 2, 3, 4)]


def experiment(folder: Path, text: str) -> Path:
    path = folder / "experiment.yaml"
    path.write_text("experiment:\n  num_tasks: 2\n" + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("p3_config:\n  rep_alpha: 0.2\n", "rep_alpha has no effect: no protocol with a reputation is played"),
        ("p2_config:\n  num_cross_exam_questions: 3\n", "num_cross_exam_questions has no effect"),
        ("budget:\n  max_tokens_per_task: 100\n", "the budget is that of milestone 3, which is not played"),
        ("dataset:\n  name: claims\n  split: dev\n", "/dataset/split: has no effect"),
        ("verifier:\n  use_semantic_matching: true\n", "/verifier/use_semantic_matching: needs an endpoint"),
        ("llm:\n  api_key_env: AWS_SECRET_ACCESS_KEY\n", "/llm/api_key_env: is AWS_SECRET_ACCESS_KEY"),
        ("output:\n  results_dir: elsewhere\n", "/output/results_dir: is elsewhere"),
        ("baselines:\n  - name: mine\n    type: self_refine\n", "results name this method self_refine_r2"),
        ("protokol:\n  name: p1\n", "/protokol: is unknown; did you mean protocol"),
    ],
)
def test_key_without_effect_is_refused(text: str, refused: str, tmp_path: Path) -> None:
    ended = cheaptalk("run", "--config", str(experiment(tmp_path, text)), "--out", str(tmp_path / "run"))
    assert ended.code == 2 and refused in ended.err, ended.err
    assert not (tmp_path / "run").exists()


def test_experiment_sets_what_its_keys_say(tmp_path: Path) -> None:
    text = (
        "protocols:\n  - p3_slashing\ndeviations:\n  - honest\n  - lie\npayoff:\n  lambda_cost: 0.5\n"
        "p3_config:\n  slashing_penalty: 0.25\n  rep_threshold: 0.6\np2_config:\n  num_cross_exam_questions: 1\n"
    )
    out = tmp_path / "run"
    ended = cheaptalk("run", "--config", str(experiment(tmp_path, text)), "--out", str(out), "--quiet")
    assert ended.code == 0, ended.err
    found = by_condition(out)
    assert set(found) == {(P3, "honest"), (P3, "lie")}
    assert {round(one.payoff.breakdown.lambda_cost_term / one.payoff.breakdown.total_cost, 9)
            for one in found[P3, "lie"]} == {0.5}  # fmt: skip
    slashed = [one.reputation for one in found[P3, "lie"] if one.reputation and one.reputation.slashed]
    assert slashed and all(one.after.score == pytest.approx(one.before.score - 0.25) for one in slashed)


def test_flags_win_over_the_experiment(tmp_path: Path) -> None:
    path = experiment(tmp_path, "payoff:\n  mu_penalty: 0.9\n")
    out = tmp_path / "run"
    ended = cheaptalk("run", "--config", str(path), "--mu-penalty", "0.1", "--out", str(out), "--quiet")
    assert ended.json("manifest.json")["identity"]["settings"]["mu_penalty"] == 0.1


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("run", "--bonus", "0.5"), "--bonus: bonus has no effect: only --payoff tempted has a bonus"),
        (("run", "--payoff", "tempted"), "--payoff tempted: it pays a bonus for the target; give --bonus"),
        (("run", "--k-samples", "3"), "--k-samples: k_samples has no effect"),
        (("baselines", "--deviations", "lie"), "--deviations: deviations has no effect"),
        (("protocols", "--milk-above", "0.9"), "--milk-above: milk_above has no effect"),
        (("protocols", "--question-templates", "weakst"), "there is no 'weakst'; did you mean weakest?"),
        (("protocols", "--num-cross-exam-questions", "2", "--question-templates", "weakest"), "is 2: give 1 to 1"),
        (("protocols", "--rep-floor", "0.9"), "a reputation starts at 0.7, so --rep-floor (0.9)"),
        (("run", "--sender-model", "foo"), "write --sender-model PROVIDER/MODEL (mock"),
        (("run", "--llm-weight", "0.9"), "--llm-weight: llm_weight has no effect"),
        (("run", "--role-model", "sender=mock/careless"), "--role-model: name the models of the two seats"),
        (("run", "--deviations", "lies"), "--deviations: there is no 'lies'; did you mean lie?"),
        (("run", "--dataset", "simple"), "--dataset simple: name its file with --data FILE"),
        (("run", "--config", "missing.yaml"), "--config missing.yaml: there is no such file"),
    ],
)
def test_flag_without_effect_is_refused(words: tuple[str, ...], refused: str) -> None:
    ended = cheaptalk(*words)
    assert ended.code == 2 and refused in ended.err, ended.err


def test_model_that_the_mock_plays_in_place_of_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_MODEL", "gpt-4o")
    said = "OPENAI_MODEL is gpt-4o, and the mock plays: --participant-provider openai plays that model"
    assert said in cheaptalk("run", "--num-tasks", "2", "--dry-run").err
    assert said not in cheaptalk("run", "--num-tasks", "2", "--dry-run", "--participant-provider", "openai").err


def test_malformed_seeds_are_refused_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDS", "42,x")
    ended = cheaptalk("run", "--num-tasks", "2", "--dry-run")
    assert ended.code == 2 and "environment SEEDS: must be whole numbers separated by commas" in ended.err


# Payoffs


def test_told_bonus_reaches_the_sender_and_pays_liars(tmp_path: Path) -> None:
    words = ("deviations", "--num-tasks", "60", "--deviations", "honest,lie", "--payoff", "tempted", "--bonus", "2",
             "--quiet", "--out")  # fmt: skip
    assert cheaptalk(*words, str(tmp_path / "told"), "--tell-bonus").code == 0
    assert cheaptalk(*words, str(tmp_path / "untold")).code == 0
    told, untold = (by_condition(tmp_path / name)[P1, "lie"] for name in ("told", "untold"))
    assert sum(one.payoff.adopted for one in told) > sum(one.payoff.adopted for one in untold)
    assert all(one.payoff.breakdown.bonus == (2.0 if one.payoff.adopted else 0.0) for one in told)


# Baselines


def test_budget_of_calls_is_never_exceeded(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cheaptalk("baselines", "--num-tasks", "4", "--max-llm-calls-per-task", "3", "--out", str(out)).code == 0
    found = by_condition(out)
    for method in ("self_consistency_k5", "self_refine_r2"):
        for one in found[method, "baseline"]:
            assert (one.spent.calls, one.spent.exhausted) == (3, True)
    assert not any(one.spent.exhausted for one in found[P1, "honest"])


@pytest.mark.parametrize("tokens", ["250", "700", "1400"])
def test_budget_of_tokens_is_never_exceeded(tokens: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("baselines", "--num-tasks", "6", "--max-tokens-per-task", tokens, "--out", str(out))
    assert ended.code == 0 and "episodes ended early, for the budget of a task" in ended.out
    assert max(one.spent.tokens for one in details(out)) <= int(tokens)


def test_episode_cut_by_its_budget_counts_as_unparsable(tmp_path: Path) -> None:
    out = tmp_path / "run"
    cheaptalk("baselines", "--num-tasks", "3", "--max-llm-calls-per-task", "1", "--out", str(out), "--quiet")
    for one in by_condition(out)[P1, "honest"]:
        assert (one.read.predicted, one.read.predicted_unread, one.spent.exhausted) == (None, "not_written", True)


def test_majority_of_samples_decides(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("baselines", "--participant-model", "mock/careless", "--k-samples", "7", "--baselines",
                      "self_consistency", "--max-llm-calls-per-task", "20", "--max-tokens-per-task", "9000", "--out",
                      str(out), "--quiet")  # fmt: skip
    assert ended.code == 0
    found = by_condition(out)["self_consistency_k7", "baseline"]
    for one in found:
        assert one.method is not None and len(one.method.predictions) == 7
        votes = Counter(one.method.predictions)
        assert one.read.predicted is not None
        assert votes[one.read.predicted] == max(votes.values()) == one.method.majority_votes
    assert any(one.method and one.method.agreement_rate < 1 for one in found if one.method.agreement_rate)
    assert {one.episode_id.split("_")[0] for one in found} == {"sc"}
