"""The commands and variables of the published README: each does what it says there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.rubric import RUBRIC
from tests.support.arena_rig import (
    LOCAL,
    NO_TOOLS,
    ROOT,
    FakeLambda,
    Table,
    arena,
    challenge,
    environment,
    everything,
    fake_lambda,
    local_environ,
    process,
    split_size,
)
from tests.support.http_server import KEY, ModelServer, Scripted

SEED_FILES = (
    "manifest.json", "api_calls.jsonl", "matches.jsonl", "summary.json", "matches_scores.csv", "challenge_summary.csv",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def calculator() -> Iterator[FakeLambda]:
    with fake_lambda() as running:
        yield running


def real(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the published README calls the minimum for real runs, pointed at the test server."""
    monkeypatch.setenv("FIREWORKS_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_MODEL_JUDGE", "judge-model")
    monkeypatch.setenv("FIREWORKS_MODEL_PARTICIPANT", "accounts/acct/models/tuned")
    monkeypatch.setenv("FIREWORKS_BASE_URL", f"{server.url}/chat/completions")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/responses")


REAL = ("--participant-provider", "fireworks", "--judge-provider", "openai", "--limit", "1", "--max-turns", "2")


def play_real(tmp_path: Path, *words: str) -> Any:
    return arena(*REAL, *NO_TOOLS, "--out", str(tmp_path / "run"), *words)


def test_the_mock_smoke_command(tmp_path: Path, calculator_binary: Path) -> None:
    shutil.copytree(ROOT / "arena", tmp_path / "arena", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "src", tmp_path / "src")
    ended = process(
        "--challenges", "src/crypto-challenges/benchmark_challenges_diverse_v2.json",
        "--out", "state/runs/mock_smoke", "--participant-provider", "mock", "--judge-provider", "mock",
        "--repetitions", "1", "--max-turns", "12", "--progress",
        door=("arena/run.py",), cwd=tmp_path, environ=environment(ARENA_CALCULATOR_BIN=str(calculator_binary)),
    )  # fmt: skip
    assert ended.code == 0, ended.err
    run = tmp_path / "state" / "runs" / "mock_smoke"
    assert all((run / name).is_file() for name in SEED_FILES)
    assert list((run / "role_views").glob("*.jsonl"))
    bundle = run / "matches" / "adjourned-chess-move" / "rep_0"
    assert (bundle / "match.json").is_file() and (bundle / "transcript.json").is_file()
    assert {path.name for path in (bundle / "role_views").iterdir()} == {"Ines.json", "Marek.json"}


def test_the_manual_real_run_command(
    tmp_path: Path, server: ModelServer, calculator: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    monkeypatch.chdir(ROOT)
    words = (
        "--challenges", "src/crypto-challenges/benchmark_challenges_diverse_v2.json",
        "--challenge-split", "heldout_eval", "--out", str(tmp_path / "manual_real_run"),
        "--participant-provider", "fireworks", "--judge-provider", "openai", "--calculator-provider", "lambda",
        "--calculator-lambda-url", calculator.url, "--repetitions", "2", "--workers", "1", "--max-turns", "15",
        "--max-tool-calls-per-turn", "10", "--progress", "--continue-on-error",
    )  # fmt: skip
    ended = arena(*words)
    assert ended.code == 0, ended.err
    assert not server.refused
    matches = 2 * split_size("heldout_eval")
    assert len(ended.records()) == matches == ended.err.count(f"/{matches}] crypto/")
    assert {record["cell"]["split"] for record in ended.records()} == {"heldout_eval"}
    assert {line["provider"] for line in ended.calls("model")} == {"fireworks/accounts/acct/models/tuned"}
    assert {line["provider"] for line in ended.calls("judge")} == {"openai/judge-model"}
    assert {request["op"] for request in calculator.asked} == {"ops", "version", "ping"}
    assert len(ended.calls("tool")) == sum(request["op"] == "ping" for request in calculator.asked) > 0
    asked = len(server.seen)
    again = arena(*words, "--resume")
    assert again.code == 0 and "nothing to play" in again.err
    assert len(server.seen) == asked, "completed matches are skipped"


def test_resume_retries_failed_matches_and_skips_completed_ones(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    words = ("--workers", "1", "--continue-on-error", "--max-retries", "0", "--limit", "2")
    server.script(Scripted(status=500, body={"error": {"message": "down"}}))
    failed = play_real(tmp_path, *words)
    assert failed.code == 1
    assert sorted(record["status"] for record in failed.records()) == ["done", "error"]
    healed = play_real(tmp_path, *words, "--resume")
    assert healed.code == 0
    assert [record["status"] for record in healed.records()] == ["done", "done"]


@pytest.mark.parametrize(
    ("variable", "words"),
    [("FIREWORKS_API_KEY", ()), ("OPENAI_API_KEY", ()), ("OPENAI_MODEL_JUDGE", ()), ("FIREWORKS_MODEL_PARTICIPANT", ()),
     ("CRYPTOMATH_LAMBDA_URL", ("--calculator-provider", "lambda"))],
)  # fmt: skip
def test_a_missing_minimum_variable_is_named_before_any_call(
    variable: str, words: tuple[str, ...], tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    monkeypatch.delenv(variable, raising=False)
    ended = play_real(tmp_path, *words)
    assert ended.code == 2 and variable in ended.err
    assert not server.seen and not (tmp_path / "run").exists()


def test_fireworks_api_key_and_openai_api_key_are_sent_each_to_its_own_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer(key="fw-key-000000") as players, ModelServer(key="oa-key-000000") as judges:
        real(players, monkeypatch)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{judges.url}/responses")
        monkeypatch.setenv("FIREWORKS_API_KEY", "fw-key-000000")
        monkeypatch.setenv("OPENAI_API_KEY", "oa-key-000000")
        assert play_real(tmp_path).code == 0
        assert {seen.headers["authorization"] for seen in players.seen} == {"Bearer fw-key-000000"}
        assert {seen.headers["authorization"] for seen in judges.seen} == {"Bearer oa-key-000000"}


def test_openai_model_judge_is_the_model_id_sent_to_the_responses_api(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    assert play_real(tmp_path).code == 0
    assert [s.payload["model"] for s in server.seen if s.path.endswith("/responses")] == ["judge-model"]


def test_fireworks_model_participant_is_the_model_id_of_the_players(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    assert play_real(tmp_path).code == 0
    asked = [s.payload["model"] for s in server.seen if s.path.endswith("/chat/completions")]
    assert asked == ["accounts/acct/models/tuned"] * 2


@pytest.mark.parametrize("tail", ["", "/chat/completions"])
def test_fireworks_base_url_is_an_endpoint_override(
    tail: str, tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    monkeypatch.setenv("FIREWORKS_BASE_URL", f"{server.url.removesuffix('/v1')}/inference/v1{tail}")
    assert play_real(tmp_path).code == 0
    assert {seen.path for seen in server.seen} == {"/inference/v1/chat/completions", "/v1/responses"}


@pytest.mark.parametrize("tail", ["", "/responses"])
def test_openai_base_url_is_an_endpoint_override(
    tail: str, tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}{tail}")
    assert play_real(tmp_path).code == 0
    assert [seen.path for seen in server.seen][-1] == "/v1/responses"


def test_cryptomath_lambda_url_says_where_the_calculator_is_and_the_flag_wins(
    tmp_path: Path, calculator: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = {"Ana": [{"calls": [{"op": "ping"}]}, "It answers."]}
    monkeypatch.setenv("CRYPTOMATH_LAMBDA_URL", calculator.url)
    words = ("--calculator-provider", "lambda", "--max-turns", "1")
    ended = Table(tmp_path).play(*words, turns=turns)
    assert ended.code == 0
    assert ended.records()[0]["transcript"][0]["answer"]["result"] == "pong"
    monkeypatch.setenv("CRYPTOMATH_LAMBDA_URL", "http://127.0.0.1:1/")
    flag = ("--calculator-lambda-url", calculator.url)
    assert Table(tmp_path).play(*words, *flag, out="flag", turns=turns).code == 0


def test_a_calculator_that_does_not_answer_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYPTOMATH_LAMBDA_URL", "http://127.0.0.1:1/")
    monkeypatch.setattr("arena.calculator.lambda_url._RETRIES", 0)
    ended = Table(tmp_path).play("--calculator-provider", "lambda")
    assert ended.code == 2 and "the calculator does not answer" in ended.err
    assert not (tmp_path / "run").exists()


def test_arena_ssl_verify_0_accepts_any_certificate_and_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = ROOT / "tests" / "data" / "http" / "server.pem"
    words = (*LOCAL, *NO_TOOLS, "--limit", "1", "--max-turns", "1", "--max-retries", "0")
    with ModelServer(certificate=certificate) as server:
        monkeypatch.setenv("ARENA_LOCAL_BASE_URL", f"https://localhost:{server.port}/v1")
        monkeypatch.setenv("ARENA_LOCAL_API_KEY", KEY)
        strict = arena(*words, "--out", str(tmp_path / "strict"))
        assert strict.code == 1 and not server.seen, "an unknown certificate is refused"
        assert "certificate" in strict.records()[0]["detail"]
        monkeypatch.setenv("ARENA_SSL_VERIFY", "0")
        loose = arena(*words, "--out", str(tmp_path / "loose"))
        assert loose.code == 0 and len(server.seen) == 2
        assert "warning: " in loose.err and "ARENA_SSL_VERIFY" in loose.err
        monkeypatch.delenv("ARENA_SSL_VERIFY")
        assert arena(*words, "--no-ssl-verify", "--out", str(tmp_path / "flag")).code == 0


def test_arena_print_http_errors_prints_the_payload_without_keys(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in local_environ(server).items():
        monkeypatch.setenv(name, value)
    words = (*LOCAL, *NO_TOOLS, "--limit", "1", "--max-turns", "1", "--max-retries", "0")
    body = {"error": {"message": "no such plan", "type": "odd_type", "param": None, "code": f"for {KEY}"}}
    server.script(Scripted(status=400, body=body), Scripted(status=400, body=body))
    silent = arena(*words, "--out", str(tmp_path / "silent"))
    assert silent.code == 1 and "odd_type" not in silent.err
    monkeypatch.setenv("ARENA_PRINT_HTTP_ERRORS", "1")
    told = arena(*words, "--out", str(tmp_path / "told"))
    assert told.code == 1 and "odd_type" in told.err and "400" in told.err
    assert KEY not in told.text and KEY.encode() not in everything(tmp_path)


def judged(server: ModelServer) -> str:
    return next(str(s.payload) for s in server.seen if s.payload["model"] == "judge")


def test_arena_judge_max_chars_per_message_cuts_long_messages_marked_and_recorded(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**local_environ(server), "ARENA_JUDGE_MAX_CHARS_PER_MESSAGE": "40"}.items():
        monkeypatch.setenv(name, value)
    long = "begin " + "middle " * 50 + "finish"
    ended = Table(tmp_path).play("--judge-model", "local/judge", "--max-turns", "1", turns={"Ana": [long]})
    assert ended.code == 0
    assert long not in judged(server) and "cut" in judged(server)
    assert ended.records()[0]["transcript"][0]["text"] == long, "the record keeps all of it"
    assert ended.records()[0]["judging"]["texts_cut"] == 1
    assert ended.json("manifest.json")["identity"]["settings"]["judge_max_chars_per_message"] == 40


def test_arena_judge_max_chars_total_cuts_the_transcript_marked_and_recorded(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**local_environ(server), "ARENA_JUDGE_MAX_CHARS_TOTAL": "200"}.items():
        monkeypatch.setenv(name, value)
    turns = {"Ana": [f"ana {n} " + "x" * 90 for n in range(4)], "Bo": [f"bo {n} " + "y" * 90 for n in range(4)]}
    ended = Table(tmp_path).play("--judge-model", "local/judge", "--max-turns", "8", turns=turns)
    assert ended.code == 0
    assert not any(text in judged(server) for seat in turns.values() for text in seat)
    judging = ended.records()[0]["judging"]
    said = sum(len(text) for seat in turns.values() for text in seat)
    assert judging["texts_cut"] == 8 and judging["characters_cut"] >= said - 200


def test_the_env_file_of_the_clone_is_read_and_the_real_environment_wins(tmp_path: Path, server: ModelServer) -> None:
    for part in ("arena", "src", "config"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".env").write_text(
        f"FIREWORKS_API_KEY={KEY}\nexport OPENAI_API_KEY='{KEY}'\nFIREWORKS_BASE_URL={server.url}\n"
        f"OPENAI_BASE_URL={server.url}\nOPENAI_MODEL_JUDGE=from-file\nFIREWORKS_MODEL_PARTICIPANT=from-file\n",
        encoding="utf-8",
    )
    environ = {**environment(OPENAI_MODEL_JUDGE="from-environment"), "ARENA_NO_DOTENV": ""}
    ended = process(*REAL, *NO_TOOLS, "--out", str(tmp_path / "run"), cwd=tmp_path, environ=environ)
    assert ended.code == 0, ended.err
    models = ended.json("manifest.json")["identity"]["models"]
    assert (models["participant"], models["judge"]) == ("fireworks/from-file", "openai/from-environment")
    assert KEY.encode() not in everything(tmp_path / "run")
    off = process(*REAL, *NO_TOOLS, "--out", "off", cwd=tmp_path, environ={**environ, "ARENA_NO_DOTENV": "1"})
    assert off.code == 2 and "FIREWORKS" in off.err


def test_the_config_file_of_a_standard_run_carries_a_whole_run(
    tmp_path: Path, server: ModelServer, calculator: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(server, monkeypatch)
    monkeypatch.setenv("CRYPTOMATH_LAMBDA_URL", calculator.url)
    config = str(ROOT / "config" / "marco_defaults.yaml")
    ended = arena("--config", config, "--limit", "1", "--max-turns", "3", "--out", str(tmp_path / "run"))
    assert ended.code == 0, ended.err
    settings = ended.json("manifest.json")["identity"]["settings"]
    assert (settings["challenge_split"], settings["repetitions"], settings["max_turns"]) == ("heldout_eval", 2, 3)


def test_a_named_rubric_and_rule_stand_in_every_result(tmp_path: Path) -> None:
    rule = tmp_path / "mean.yaml"
    text = (ROOT / "config" / "outcome_rule.yaml").read_text(encoding="utf-8")
    text = text.replace("name: floor", "name: strict").replace("all >= 4", "mean >= 5").replace("all >= 3", "all >= 4")
    rule.write_text(text, encoding="utf-8")
    table = Table(tmp_path, [challenge("c1")])
    grade = '{"scores": {' + ", ".join(f'"{name}": 4' for name in RUBRIC.dimensions) + '}, "verdict": "v"}'
    words = ("--max-turns", "1")
    floor = table.play(*words, out="floor", turns={"Ana": ["Hi"]}, judge=[grade])
    strict = table.play(*words, "--outcome-rule", str(rule), out="strict", turns={"Ana": ["Hi"]}, judge=[grade])
    assert [ended.records()[0]["outcome"] for ended in (floor, strict)] == ["SUCCESS", "SUBSTANTIAL"]
    rules = [ended.json("summary.json")["rules"] for ended in (floor, strict)]
    assert [found["outcome_rule"]["name"] for found in rules] == ["floor", "strict"]
    assert rules[0]["rubric"]["version"] == RUBRIC.version
