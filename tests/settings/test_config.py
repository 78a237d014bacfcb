"""Settings: precedence, bounds, models and judges, the manifest's two parts, and one clear line per mistake."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from arena.errors import ArenaError, ConfigError, DataError, UsageError
from arena.families.crypto.spec import MOCKS, SETTINGS, SPEC
from arena.families.risk.spec import DIFFERENT
from arena.families.risk.spec import SETTINGS as RISK
from arena.settings.config import Config, ModelRef, Players, build_parser, read_config
from arena.settings.docs import COMMON_SETTINGS, GENERATED, with_tables
from arena.settings.table import GROUPS, PROVIDERS, Setting

ROOT = Path(__file__).resolve().parents[2]


def run_config(argv: Sequence[str], environ: Mapping[str, str], root: Path = ROOT) -> Config:
    """Return the settings of `arena run` with these flags and variables."""
    return read_config(argv, environ, SETTINGS, build_parser("arena run", SETTINGS, ""), root, MOCKS)


def players(config: Config) -> Players:
    assert config.players is not None
    return config.players.refs


def judge(config: Config) -> ModelRef:
    assert config.judge is not None
    return config.judge.ref


def read(*argv: str, root: Path = ROOT, **environ: str) -> Config:
    return run_config(argv, {"ARENA_NO_DOTENV": "1", **environ}, root)


def problem(*argv: str, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(*argv, **environ)
    assert caught.value.exit_code == 2
    return str(caught.value)


# Defaults and precedence


def test_without_anything_the_challenge_set_is_played_with_careful_mocks() -> None:
    config = read()
    assert config["challenges"] == ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
    assert players(config).default == ModelRef("mock", "careful")
    assert judge(config) == ModelRef("mock", "judge")
    assert (config["max_turns"], config["max_tool_calls_per_turn"], config["calculator_provider"]) == (
        15,
        10,
        "process",
    )
    assert (config["workers"], config["timeout"], config["deadline"], config["max_retries"]) == (4, 300.0, 900.0, 5)
    assert set(config.source.values()) == {"default"}


def test_each_source_beats_the_one_below(tmp_path: Path) -> None:
    name = "ARENA_JUDGE_MAX_CHARS_TOTAL"
    settings = tmp_path / "s.yaml"
    settings.write_text("judge_max_chars_total: 100\n", encoding="utf-8")

    def total(*argv: str, **environ: str) -> tuple[int, str]:
        config = run_config(argv, environ, tmp_path)
        return config["judge_max_chars_total"], config.source["judge_max_chars_total"]

    assert total() == (None, "default")
    assert total("--config", str(settings)) == (100, f"config file {settings}")
    (tmp_path / ".env").write_text(f"{name}=200\n", encoding="utf-8")
    assert total("--config", str(settings)) == (200, f".env {name}")
    assert total("--config", str(settings), **{name: "300"}) == (300, f"environment {name}")
    everything = ("--config", str(settings), "--judge-max-chars-total", "400")
    assert total(*everything, **{name: "300"}) == (400, "--judge-max-chars-total")


def test_an_empty_variable_counts_as_not_set() -> None:
    config = read(ARENA_JUDGE_MAX_CHARS_TOTAL="", ARENA_SSL_VERIFY=" ")
    assert config["judge_max_chars_total"] is None
    assert config["ssl_verify"] is True


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("ARENA_SSL_VERIFY", "0", "ssl_verify", False),
        ("ARENA_PRINT_HTTP_ERRORS", "1", "print_http_errors", True),
        ("ARENA_JUDGE_MAX_CHARS_PER_MESSAGE", "7", "judge_max_chars_per_message", 7),
        ("ARENA_JUDGE_MAX_CHARS_TOTAL", "70", "judge_max_chars_total", 70),
        ("CRYPTOMATH_LAMBDA_URL", "https://x.example/", "calculator_lambda_url", "https://x.example/"),
    ],
)
def test_a_variable_sets_its_setting(variable: str, text: str, name: str, value: Any) -> None:
    config = read(**{variable: text})
    assert config[name] == value
    assert config.source[name] == f"environment {variable}"


def test_every_variable_of_a_setting_has_a_test_of_its_own() -> None:
    tested = {
        "ARENA_SSL_VERIFY", "ARENA_PRINT_HTTP_ERRORS", "ARENA_JUDGE_MAX_CHARS_PER_MESSAGE",
        "ARENA_JUDGE_MAX_CHARS_TOTAL", "CRYPTOMATH_LAMBDA_URL", "FIREWORKS_MODEL_PARTICIPANT", "OPENAI_MODEL_JUDGE",
    }  # fmt: skip
    assert {row.env for row in SETTINGS if row.env} == tested


def test_the_participant_variable_counts_only_for_fireworks() -> None:
    variable = {"FIREWORKS_MODEL_PARTICIPANT": "accounts/a/models/m"}
    config = read("--participant-provider", "fireworks", "--judge-model", "mock/judge", **variable)
    assert players(config).default == ModelRef("fireworks", "accounts/a/models/m")
    assert players(read(**variable)).default == ModelRef("mock", "careful")
    flag = read("--participant-provider", "fireworks", "--participant-model", "other", **variable)
    assert players(flag).default == ModelRef("fireworks", "other")


@pytest.mark.parametrize("provider", ["openai", "openai-chat"])
def test_the_judge_variable_counts_only_for_openai(provider: str) -> None:
    variable = {"OPENAI_MODEL_JUDGE": "grader"}
    assert judge(read("--judge-provider", provider, **variable)) == ModelRef(provider, "grader")
    assert judge(read(**variable)) == ModelRef("mock", "judge")
    assert judge(read("--judge-provider", provider, "--judge-model", "b", **variable)) == ModelRef(provider, "b")


def test_the_commands_of_the_published_readme_are_understood() -> None:
    smoke = (
        "--challenges src/crypto-challenges/benchmark_challenges_diverse_v2.json --out state/runs/mock_smoke"
        " --participant-provider mock --judge-provider mock --repetitions 1 --max-turns 12 --progress"
    )
    config = read(*smoke.split())
    assert (config["max_turns"], config["progress"], str(config["out"])) == (12, True, "state/runs/mock_smoke")
    real = (
        "--challenge-split heldout_eval --out o --participant-provider fireworks --judge-provider openai"
        " --calculator-provider lambda --calculator-lambda-url https://x.example/ --repetitions 2 --workers 1"
        " --max-turns 15 --max-tool-calls-per-turn 10 --progress --continue-on-error"
    )
    config = read(*real.split(), FIREWORKS_MODEL_PARTICIPANT="p", OPENAI_MODEL_JUDGE="j")
    assert players(config).default == ModelRef("fireworks", "p")
    assert judge(config) == ModelRef("openai", "j")
    assert config["continue_on_error"] is True


def test_aliases_mean_the_same() -> None:
    assert read("--epochs", "3")["repetitions"] == read("--repetitions", "3")["repetitions"] == 3
    assert read("--limit-challenges", "2")["limit"] == read("--limit", "2")["limit"] == 2


def test_lists_take_commas_and_repetition_and_drop_doubles() -> None:
    assert read("--challenge-ids", "a,b", "--challenge-ids", "b, c")["challenge_ids"] == ("a", "b", "c")


def test_switches_can_be_switched_off_again(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("fsync: true\njudge_tools: true\n", encoding="utf-8")
    assert (read("--config", str(path))["fsync"], read("--config", str(path))["judge_tools"]) == (True, True)
    both = read("--config", str(path), "--no-fsync", "--no-judge-tools")
    assert (both["fsync"], both["judge_tools"]) == (False, False)


# The settings file


@pytest.mark.parametrize(
    "line",
    [
        "calculator_lambda_url: https://evil.test/", "junit: /tmp/x.xml", "out: /tmp/x", "github_summary: /tmp/x.md",
        "ssl_verify: false", "allow_plain_http: true", "env_file: .env",
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_settings_file_says_not_where_keys_go_nor_what_is_written(tmp_path: Path, line: str, suffix: str) -> None:
    name, _, value = line.partition(": ")
    path = tmp_path / f"c.{suffix}"
    text = value if value in ("true", "false") else json.dumps(value)
    path.write_text(line if suffix == "yaml" else f'{{"{name}": {text}}}', encoding="utf-8")
    message = problem("--config", str(path))
    assert f"{path}: {name} is refused here" in message and "a settings file may come from anybody" in message
    assert "give --" in message


def test_what_is_refused_in_a_settings_file_may_be_a_flag_or_a_variable() -> None:
    config = read("--out", "o", "--junit", "j.xml", CRYPTOMATH_LAMBDA_URL="https://x.example/", ARENA_SSL_VERIFY="0")
    assert (config["out"], config["junit"], config["ssl_verify"]) == (Path("o"), Path("j.xml"), False)
    assert config["calculator_lambda_url"] == "https://x.example/"


def test_a_settings_file_may_be_yaml_or_json(tmp_path: Path) -> None:
    content = {"max_turns": 3, "timeout": 1, "challenge_ids": ["a", "b"], "role_model": {"A": "mock/careless"}}
    (tmp_path / "c.json").write_text(json.dumps(content), encoding="utf-8")
    text = "max_turns: 3\ntimeout: 1\nchallenge_ids: a,b\nrole_model:\n  A: mock/careless\nseed: null\n"
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    for name in ("c.json", "c.yaml"):
        config = read("--config", str(tmp_path / name))
        assert (config["max_turns"], config["timeout"], config["seed"]) == (3, 1.0, 0)
        assert config["challenge_ids"] == ("a", "b")
        assert players(config).of("A") == ModelRef("mock", "careless")


def test_the_word_none_lifts_a_limit_wherever_it_is_set(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("max_prompt_tokens: none\nmax_cost_usd: none\nmax_calls: 7\n", encoding="utf-8")
    parser = build_parser("arena risk run", RISK, "")
    environ = {"ARENA_NO_DOTENV": "1", "MAX_TOTAL_TOKENS": "None"}
    config = read_config(["--config", str(path), "--max-calls", "none"], environ, RISK, parser, ROOT, MOCKS)
    lifted = ("max_prompt_tokens", "max_total_tokens", "max_cost_usd", "max_calls")
    assert [config[name] for name in lifted] == [None] * 4
    assert config["max_completion_tokens"] == 40_000


def test_the_word_none_is_refused_where_nothing_is_limited() -> None:
    assert "--max-turns: must be a whole number, not 'none'" in problem("--max-turns", "none")
    assert "must be a whole number, or none for no limit, not 'no'" in problem("--max-calls", "no")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("max_trns: 3\n", "unknown setting 'max_trns'; did you mean max_turns?"),
        ("max-turns: 3\n", "did you mean max_turns?"),
        ("config: x\n", "unknown setting 'config'"),
        ("max_turns: '3'\n", "max_turns must be a whole number, not '3'"),
        ("max_turns: true\n", "max_turns must be a whole number, not True"),
        ("max_turns: 0\n", "max_turns must be at least 1, not 0"),
        ("fsync: 1\n", "fsync must be true or false, not 1"),
        ("challenge_ids: [1]\n", "challenge_ids must be a list of texts"),
        ("role_model: {A: 1}\n", "role_model must be text"),
        ("- 1\n", "must be a mapping of settings"),
    ],
)
def test_a_wrong_settings_file_says_what_and_where(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(content, encoding="utf-8")
    message = problem("--config", str(path))
    assert says in message
    assert str(path) in message


def test_a_broken_or_missing_settings_file_is_a_data_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"a": 1,\n "b"}', encoding="utf-8")
    with pytest.raises(DataError, match="line 2, column 5"):
        read("--config", str(tmp_path / "c.json"))
    (tmp_path / "c.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2, column 1"):
        read("--config", str(tmp_path / "c.yaml"))
    with pytest.raises(DataError, match="cannot be read"):
        read("--config", str(tmp_path / "none.json"))


# Bounds and mistakes


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--max-turns", "0"), "--max-turns: must be at least 1, not 0"),
        (("--max-turns", "1.5"), "--max-turns: must be a whole number, not '1.5'"),
        (("--workers", "0"), "--workers: must be at least 1, not 0"),
        (("--seed", "-1"), "--seed: must be at least 0, not -1"),
        (("--timeout", "0"), "--timeout: must be above 0 seconds, not 0"),
        (("--timeout", "nan"), "--timeout: must be a number of seconds, not 'nan'"),
        (("--timeout", "5m"), "--timeout: must be a number of seconds, not '5m'"),
        (("--temperature", "2.1"), "--temperature: must be at most 2"),
        (("--top-p", "0"), "--top-p: must be above 0"),
        (("--retry", "done", "--resume", "--out", "o"), "--retry: must be one of aborted"),
        (("--calculator-provider", "abacus"), "--calculator-provider: must be one of process, oneshot, lambda, none"),
        (("--participant-provider", "nobody"), "--participant-provider: must be one of mock, scripted"),
        (("--participant-model", " "), "--participant-model: must not be empty"),
        (("--role-model", "A"), "--role-model: must be ROLE=provider/model, not 'A'"),
        (("--role-model", "A=mock", "--role-model", "A=mock"), "--role-model: names the role 'A' twice"),
        (("--quiet", "--progress"), "--quiet and --progress contradict each other"),
        (("--resume",), "--resume: name the run directory with --out"),
        (("--retry", "aborted"), "--retry: only with --resume"),
        (("--calculator-provider", "lambda"), "give --calculator-lambda-url or set CRYPTOMATH_LAMBDA_URL"),
        (("--calculator-lambda-url", "ftp://x"), "--calculator-lambda-url: must start with https://"),
        (("--max-turn", "3"), "unknown flag --max-turn; did you mean --max-turns?"),
        (("--wokers=3",), "unknown flag --wokers; did you mean --workers?"),
        (("--max-turns",), "--max-turns: a value is missing; write --max-turns N"),
        (("--fsync=1",), "--fsync: ignored explicit argument '1'"),
        (("stray",), "unexpected argument 'stray'"),
    ],
)
def test_a_mistake_is_one_clear_line(argv: tuple[str, ...], says: str) -> None:
    message = problem(*argv)
    assert says in message
    assert "\n" not in message


def test_a_choice_may_be_written_in_any_case() -> None:
    assert read("--participant-provider", "Mock")["participant_provider"] == "mock"


def test_a_wrong_variable_is_named() -> None:
    assert problem(ARENA_SSL_VERIFY="maybe").startswith("environment ARENA_SSL_VERIFY: must be 1 or 0")


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read("--max-turns", "0", "--workers", "x", "--quiet", "--progress", ARENA_SSL_VERIFY="maybe")
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize(
    "row", [row for row in SETTINGS if row.kind in ("int", "float", "seconds")], ids=lambda r: r.name
)
def test_every_number_has_a_bound_below_and_refuses_what_is_no_number(row: Any) -> None:
    floor = row.above if row.above is not None else row.low
    assert floor is not None
    assert f"{row.flags[0]}: must be" in problem(row.flags[0], str(floor - 1))
    assert f"{row.flags[0]}: must be" in problem(row.flags[0], "many")


def test_durations_take_milliseconds() -> None:
    config = read("--timeout", "0.005", "--deadline", ".02", "--backoff", "0")
    assert (config["timeout"], config["deadline"], config["backoff"]) == (0.005, 0.02, 0.0)


# Models


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("--participant-model", "mock/careless"), ("mock", "careless")),
        (("--participant-model", "mock"), ("mock", "careful")),
        (("--participant-model", "fireworks/accounts/x/models/y"), ("fireworks", "accounts/x/models/y")),
        (("--participant-model", "openrouter/openai/some"), ("openrouter", "openai/some")),
        (("--participant-provider", "fireworks", "--participant-model", "accounts/x/models/y"),
         ("fireworks", "accounts/x/models/y")),
        (("--participant-provider", "openrouter", "--participant-model", "org/model"), ("openrouter", "org/model")),
        (("--participant-provider", "openrouter", "--participant-model", "openai/some"),
         ("openrouter", "openai/some")),
        (("--participant-provider", "openrouter", "--participant-model", "openrouter/auto"),
         ("openrouter", "openrouter/auto")),
        (("--participant-provider", "mock", "--participant-model", "careless"), ("mock", "careless")),
        (("--participant-provider", "openai", "--participant-model", "openai/some"), ("openai", "some")),
        (("--participant-provider", "replay", "--participant-model", "mock/run_1"), ("replay", "mock/run_1")),
        (("--participant-model", "scripted/tests/data/turns.jsonl"), ("scripted", "tests/data/turns.jsonl")),
    ],
)  # fmt: skip
def test_a_model_string_names_provider_and_model(argv: tuple[str, ...], expected: tuple[str, str]) -> None:
    assert players(read(*argv)).default == expected


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--participant-provider", "mock", "--participant-model", "openai/x"), "names the provider openai, but"),
        (("--participant-provider", "fireworks", "--participant-model", "mock/careful"), "names the provider mock"),
        (("--judge-provider", "openai", "--judge-model", "anthropic/x"), "--judge-provider is openai"),
        (("--participant-model", "opnai/m"), "no provider; did you mean openai?; write --participant-model"),
        (("--participant-model", "some-model"), "no provider; write --participant-model PROVIDER/MODEL"),
        (("--judge-model", "some-model"), "no provider; write --judge-model PROVIDER/MODEL"),
    ],
)
def test_a_model_that_contradicts_or_lacks_its_provider_is_an_error(argv: tuple[str, ...], says: str) -> None:
    assert says in problem(*argv)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--participant-provider", "fireworks"), "give --participant-model or set FIREWORKS_MODEL_PARTICIPANT"),
        (
            ("--participant-provider", "groq"),
            "the participant provider groq needs a model id: give --participant-model",
        ),
        (("--participant-provider", "scripted"), "needs a file of turns"),
        (("--participant-provider", "replay"), "needs a run directory"),
        (("--role-model", "A=nobody/x"), "unknown provider 'nobody'"),
        (("--role-model", "A=openai"), "the model id is missing"),
    ],
)
def test_a_provider_without_its_model_names_flag_and_variable(argv: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        players(read(*argv))


def test_roles_may_have_models_of_their_own() -> None:
    who = players(read("--role-model", "Buyer=mock/careless", "--role-model", "The Seller=mock"))
    assert who.of("Buyer") == ModelRef("mock", "careless")
    assert who.of("The Seller") == who.of("anyone") == ModelRef("mock", "careful")


@pytest.mark.parametrize(
    "argv",
    [
        ("--participant-model", "openai/x"),
        ("--role-model", "A=openai/x"),
        ("--participant-model", "openai/x", "--role-model", "A=mock"),
    ],
)
def test_a_judge_never_falls_back_to_the_players_model(argv: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="no judge: give --judge-provider and --judge-model"):
        judge(read(*argv))
    with pytest.raises(UsageError, match="the judge provider openai needs a model id.*OPENAI_MODEL_JUDGE"):
        judge(read(*argv, "--judge-provider", "openai"))


def test_offline_players_are_judged_by_the_mock_unless_told_otherwise() -> None:
    assert judge(read("--participant-model", "replay/some/run")) == ModelRef("mock", "judge")
    assert judge(read("--judge-model", "anthropic/x")) == ModelRef("anthropic", "x")


def test_every_provider_names_a_module_or_belongs_to_a_family() -> None:
    own = {name for name, row in PROVIDERS.items() if not row.module}
    assert own == {"generated", "mock", "scripted"} == set(SPEC.providers)
    for row in PROVIDERS.values():
        assert not row.module or callable(importlib.import_module(row.module).build)


# The manifest's parts


def test_identity_and_operation_share_nothing_and_hold_no_secret_or_absolute_path(tmp_path: Path) -> None:
    argv = ("--challenges", str(tmp_path / "c.json"), "--out", str(tmp_path / "o"), "--role-model", "A=mock/careless")
    url = "https://user:hidden@x.example/path?token=hidden"
    config = read(*argv, "--calculator-lambda-url", url, OPENAI_API_KEY="sk-hidden")
    identity, operation = config.identity_settings(), config.operation_settings()
    assert not identity.keys() & operation.keys()
    written = json.dumps([identity, operation])
    assert "hidden" not in written
    assert str(tmp_path) not in written
    assert str(ROOT) not in written
    assert operation["calculator_lambda_url"] == "https://x.example/path"
    assert identity["challenges"] == "c.json"
    assert identity["outcome_rule"] == "config/outcome_rule.yaml"
    assert "sk-hidden" not in repr(config)


def test_two_ways_to_say_the_same_have_one_identity() -> None:
    one = read("--participant-model", "mock/careful", "--judge-provider", "mock", "--workers", "9")
    assert one.identity_settings() == read().identity_settings()
    assert one.operation_settings() != read().operation_settings()
    assert read("--seed", "1").identity_settings() != read().identity_settings()


def test_every_setting_belongs_to_a_part_and_a_group() -> None:
    assert {row.part for row in SETTINGS} == {"identity", "operation", "invocation"}
    assert {row.group for row in SETTINGS} == set(GROUPS)
    names = [row.name for row in SETTINGS]
    flags = [flag for row in SETTINGS for flag in row.flags]
    assert len(set(names)) == len(names)
    assert len(set(flags)) == len(flags)


def test_config_is_a_mapping_and_has_typed_views_but_no_other_attributes() -> None:
    config = read()
    assert isinstance(config, Mapping)
    assert dict(config)["max_turns"] == 15 and config.operation.workers == 4
    with pytest.raises(AttributeError):
        _ = config.max_turns  # type: ignore[attr-defined]


# Help and documents


def test_help_lists_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read("--help")
    text = capsys.readouterr().out
    assert caught.value.code == 0
    for row in SETTINGS:
        shown = "--no-ssl-verify" if row.name == "ssl_verify" else row.flags[0]
        assert f"  {shown}" in text
    assert max(len(line) for line in text.splitlines()) <= 110


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("arena ")


def test_reading_settings_loads_neither_http_nor_tls_nor_the_schema() -> None:
    code = (
        "import sys; from arena.settings.config import build_parser; from arena.families.crypto.spec import SETTINGS;"
        "build_parser('arena run', SETTINGS, '').format_help();"
        "heavy = {'http.client', 'ssl', 'socket', 'arena.families.contract', 'asyncio', 'urllib.request'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    # -S: without the site packages of this machine, whose hooks may import anything.
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_parser_accepts_no_abbreviations() -> None:
    assert build_parser("arena run", SETTINGS, "").allow_abbrev is False


@pytest.mark.parametrize(
    ("name", "parts", "table"),
    [
        ("docs/configuration.md", ("settings", "variables"), SETTINGS),
        ("README.md", ("common",), SETTINGS),
        ("docs/risk.md", ("settings",), DIFFERENT),
    ],
)
def test_generated_tables_are_fresh(name: str, parts: tuple[str, ...], table: tuple[Setting, ...]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for part in parts:
        assert GENERATED[part](table) in text, "run `make docs`"
    assert with_tables(text, name, table) == text, "run `make docs`"


def test_readme_lists_at_most_fifteen_settings() -> None:
    known = {row.name for row in SETTINGS}
    assert set(COMMON_SETTINGS) <= known
    assert 10 <= len(COMMON_SETTINGS) == len(set(COMMON_SETTINGS)) <= 15


def test_a_stale_table_is_noticed_and_renewed() -> None:
    stale = "before\n<!-- generated: settings -->\nold\n<!-- end: settings -->\nafter\n"
    fresh = with_tables(stale, "x.md", SETTINGS)
    assert fresh != stale
    assert fresh.startswith("before\n") and fresh.endswith("<!-- end: settings -->\nafter\n")
    assert "| `--max-turns` | `max_turns` | `15` |" in fresh
    with pytest.raises(DataError) as caught:
        with_tables("<!-- generated: settings -->\n", "x.md", SETTINGS)
    assert str(caught.value) == (
        "x.md: the generated part settings does not end: write <!-- end: settings --> below it"
    )


# The standard run


def marco(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/marco_defaults.py"), *argv]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_standard_run_can_be_given_as_file_flags_or_variables() -> None:
    file = str(ROOT / "config/marco_defaults.yaml")
    models = {
        "FIREWORKS_MODEL_PARTICIPANT": "p", "OPENAI_MODEL_JUDGE": "j", "CRYPTOMATH_LAMBDA_URL": "https://x.example/",
    }  # fmt: skip
    by_file = read("--config", file, **models)
    by_flags = read(*marco("--format", "flags").stdout.split(), **models)
    assert by_file.identity_settings() == by_flags.identity_settings()
    assert by_file.operation_settings() == by_flags.operation_settings()
    assert json.loads(marco().stdout)["repetitions"] == by_file["repetitions"] == 2
    assert "MARCO_REPETITIONS=2" in marco("--format", "env").stdout.splitlines()


def test_wrong_defaults_are_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text("max_turns: none\n", encoding="utf-8")
    done = marco("--file", str(path))
    assert done.returncode == 2
    assert done.stderr == f"error: {path}: max_turns must be a whole number, not 'none'\n"


def test_errors_are_errors_of_the_arena() -> None:
    with pytest.raises(ArenaError):
        read("--no-such-flag")
