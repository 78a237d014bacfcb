"""The tables of settings, in blocks, and the variables and providers that go with them.

A family's command uses the blocks that it needs and adds its own rows. Its table defines the flags, the `--help` text,
the keys of a config file, the part of the manifest to which a value belongs, and the tables in the documents. A new
setting is one row.
"""

from __future__ import annotations

from dataclasses import dataclass

from arena.formats.json_types import Json


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    `kind`: `text`, `path`, `int`, `float`, `seconds` (decimals allowed), `flag` (on or off), `list` (comma list,
    repeatable), `roles` (ROLE=provider/model, repeatable), or `version`.
    `part`: `identity` (what is played: resume refuses a change), `operation` (how: free to change), `invocation` (only
    this call: not in the manifest).
    `low`, `high`: inclusive bounds of a number; `above`: an exclusive lower bound.
    `env_if`: the variable counts only while the setting named first has one of the values that follow.
    `bare_env`: the flag may be given without a value, and then takes the value of this variable.
    `liftable`: a limit, which the word `none` lifts.
    `help`: for a flag that is on by default, the effect of the `--no-` form, because only that form is shown.
    A default path is relative to the data root (places.py), a user's path to the working directory.
    """

    name: str
    flags: tuple[str, ...]
    kind: str
    default: Json
    part: str
    group: str
    help: str
    env: str | None = None
    env_if: tuple[str, tuple[str, ...]] | None = None
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    low: float | None = None
    high: float | None = None
    above: float | None = None
    bare_env: str | None = None
    liftable: bool = False


@dataclass(frozen=True, slots=True)
class MockModels:
    """The models of the provider `mock` that a family uses if none is named; empty: a model must be named."""

    player: str = ""
    judge: str = ""


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider, as data: `--help` lists them without importing one.

    `module`: offers `build(name, settings) -> Provider`; empty: a family brings its own (families/spec.py).
    `offline`: no call leaves the process.
    `free_ids`: model ids of this provider may hold slashes whose first part is another provider's name.
    `batch`: the endpoint of its API that a batch file in OpenAI's form names; empty: it accepts no such file.
    `model_is`: what a model name refers to, in words.  `model_is_path`: whether that is a path on this machine.
    """

    module: str = ""
    offline: bool = False
    free_ids: bool = False
    batch: str = ""
    model_is: str = "model id"
    model_is_path: bool = False


_CHAT = "arena.providers.chat"
_CHAT_BATCH = "/v1/chat/completions"

PROVIDERS: dict[str, ProviderRow] = {
    "mock": ProviderRow(offline=True),
    "scripted": ProviderRow(offline=True, free_ids=True, model_is="file of turns", model_is_path=True),
    "generated": ProviderRow(offline=True, free_ids=True, model_is="file of generated matches", model_is_path=True),
    "replay": ProviderRow("arena.providers.replay", offline=True, free_ids=True, model_is="run directory",
                          model_is_path=True),
    "openai": ProviderRow("arena.providers.openai", batch="/v1/responses"),
    "openai-chat": ProviderRow(_CHAT, free_ids=True, batch=_CHAT_BATCH),
    "anthropic": ProviderRow("arena.providers.anthropic"),
    "fireworks": ProviderRow(_CHAT, free_ids=True),
    "groq": ProviderRow(_CHAT, free_ids=True, batch=_CHAT_BATCH),
    "together": ProviderRow(_CHAT, free_ids=True),
    "openrouter": ProviderRow(_CHAT, free_ids=True),
    "mistral": ProviderRow(_CHAT),
    "deepseek": ProviderRow(_CHAT),
    "local": ProviderRow(_CHAT, free_ids=True, batch=_CHAT_BATCH),
}  # fmt: skip
"""Name -> provider. A new provider is one file and one row."""

CALCULATOR_CHOICES = ("process", "oneshot", "lambda", "none")

GROUPS = (
    "What is played",
    "Players",
    "Judge",
    "Calculator",
    "Results",
    "Service calls",
    "Limits",
    "Display and help",
)

PLAYED, _PLAYERS, _JUDGE, _CALCULATOR, _RESULTS, _CALLS, _LIMITS, _DISPLAY = GROUPS
_ID, _OP, _CALL = "identity", "operation", "invocation"

PLAYERS: tuple[Setting, ...] = (
    Setting("participant_provider", ("--participant-provider",), "text", "mock", _ID, _PLAYERS,
            "who plays the roles: " + ", ".join(PROVIDERS), choices=tuple(PROVIDERS), metavar="NAME"),
    Setting("participant_model", ("--participant-model",), "text", None, _ID, _PLAYERS,
            "model of the roles, or provider/model (mock alone: mock/careful; mock/careless errs on purpose)",
            env="FIREWORKS_MODEL_PARTICIPANT", env_if=("participant_provider", ("fireworks",)), metavar="MODEL"),
    Setting("role_model", ("--role-model",), "roles", (), _ID, _PLAYERS,
            "another model for one role (cross-play): ROLE=provider/model; repeatable", metavar="ROLE=MODEL"),
    Setting("temperature", ("--temperature",), "float", None, _ID, _PLAYERS,
            "sampling temperature [default: not sent]", low=0, high=2, metavar="X"),
    Setting("top_p", ("--top-p",), "float", None, _ID, _PLAYERS,
            "nucleus sampling [default: not sent]", above=0, high=1, metavar="X"),
    Setting("max_tokens", ("--max-tokens",), "int", None, _ID, _PLAYERS,
            "limit on the tokens of one answer [default: not sent]", low=1, metavar="N"),
    Setting("reasoning_effort", ("--reasoning-effort",), "text", None, _ID, _PLAYERS,
            "reasoning effort for models that reason, such as low or high [default: not sent]", metavar="WORD"),
)  # fmt: skip
"""The models of the seats, and their sampling."""

WHO_JUDGES: tuple[Setting, ...] = (
    Setting("judge_provider", ("--judge-provider",), "text", None, _ID, _JUDGE,
            "who judges; mock for offline players, otherwise required", choices=tuple(PROVIDERS),
            metavar="NAME"),
    Setting("judge_model", ("--judge-model",), "text", None, _ID, _JUDGE,
            "model of the judge, or provider/model; never taken from the players", env="OPENAI_MODEL_JUDGE",
            env_if=("judge_provider", ("openai", "openai-chat")), metavar="MODEL"),
)  # fmt: skip
JUDGE_MATERIAL: tuple[Setting, ...] = (
    Setting("judge_tools", ("--judge-tools",), "flag", False, _ID, _JUDGE,
            "the judge may call the calculator to recompute claims"),
    Setting("judge_max_chars_per_message", ("--judge-max-chars-per-message",), "int", None, _ID, _JUDGE,
            "cut longer messages (marked) for the judge [default: no limit]",
            env="ARENA_JUDGE_MAX_CHARS_PER_MESSAGE", low=1, metavar="N"),
    Setting("judge_max_chars_total", ("--judge-max-chars-total",), "int", None, _ID, _JUDGE,
            "cut a longer transcript (marked) for the judge [default: no limit]",
            env="ARENA_JUDGE_MAX_CHARS_TOTAL", low=1, metavar="N"),
)  # fmt: skip
JUDGE_ANSWER: tuple[Setting, ...] = (
    Setting("judge_form", ("--judge-form",), "text", "schema", _ID, _JUDGE,
            "schema: enforce the JSON schema of verdicts if the server can; free: only ask for it",
            choices=("schema", "free"), metavar="FORM"),
    Setting("judge_temperature", ("--judge-temperature",), "float", None, _ID, _JUDGE,
            "sampling temperature of the judge [default: not sent]", low=0, high=2, metavar="X"),
    Setting("judge_max_tokens", ("--judge-max-tokens",), "int", None, _ID, _JUDGE,
            "limit on the tokens of one verdict [default: not sent]", low=1, metavar="N"),
)  # fmt: skip
JUDGE: tuple[Setting, ...] = (*WHO_JUDGES, *JUDGE_MATERIAL, *JUDGE_ANSWER)
"""The judge, what it sees of a match and can use, and the form and sampling of its answer."""

JUDGE_BATCH: tuple[Setting, ...] = (
    Setting("judge_batch", ("--judge-batch",), "path", None, _OP, _JUDGE,
            "write the questions to the judge as a batch file (OpenAI's JSONL) instead of asking: the matches are"
            " pending until `arena rejudge --from-batch` has the answers", metavar="FILE"),
)  # fmt: skip
"""Settings for asking the judge later, in bulk: for families whose judge uses no tools."""

BUNDLES: tuple[Setting, ...] = (
    Setting("bundles", ("--bundles",), "text", None, _OP, _RESULTS,
            "keep the files of each match separately (all), in one file (packed), or not at all (none) [default: as in"
            " the resumed run, else all]", choices=("all", "packed", "none"), metavar="HOW"),
)  # fmt: skip
"""Form of the files of single matches, for families that write some."""

TOOLS: tuple[Setting, ...] = (
    Setting("calculator_provider", ("--calculator-provider",), "text", "process", _ID, _CALCULATOR,
            "process (kept running), oneshot (one per call), lambda (HTTP), none", choices=CALCULATOR_CHOICES,
            metavar="NAME"),
    Setting("tool_text", ("--tool-text",), "text", "families", _ID, _CALCULATOR,
            "description of the calculator for players: families (names of operations, and help), granted (a line per"
            " operation of the families that a challenge grants), full (a line per operation)",
            choices=("families", "granted", "full"), metavar="FORM"),
    Setting("tool_calls", ("--tool-calls",), "text", "text", _ID, _CALCULATOR,
            "how players call the calculator: text (a JSON line, the same for every model), native (tools in the"
            " provider's own form)", choices=("text", "native"), metavar="FORM"),
    Setting("op_families", ("--op-families",), "list", (), _ID, _CALCULATOR,
            "show players only these families of operations [default: all]; repeatable", metavar="NAMES"),
    Setting("calculator_lambda_url", ("--calculator-lambda-url",), "text", None, _OP, _CALCULATOR,
            "URL of the deployed calculator, for lambda", env="CRYPTOMATH_LAMBDA_URL", metavar="URL"),
    Setting("calculator_timeout", ("--calculator-timeout",), "seconds", 30.0, _OP, _CALCULATOR,
            "seconds for one calculator call", above=0, high=86_400, metavar="S"),
)  # fmt: skip
"""The calculator behind the tool calls."""

PLAYING: tuple[Setting, ...] = (
    Setting("seed", ("--seed",), "int", 0, _ID, PLAYED, "run seed", low=0, high=2**63 - 1, metavar="N"),
    Setting("out", ("--out",), "path", None, _CALL, _RESULTS,
            "run directory [default: a new one under state/runs/]", metavar="DIR"),
    Setting("resume", ("--resume",), "flag", False, _CALL, _RESULTS,
            "resume the run in --out: finished matches are kept, the others are played"),
    Setting("retry", ("--retry",), "list", (), _CALL, _RESULTS,
            "with --resume: also play these again (aborted); repeatable", choices=("aborted",), metavar="STATUS"),
    Setting("shard", ("--shard",), "text", None, _OP, _RESULTS,
            "play one of N parts of the plan, with its part of the limits: 0/N, 1/N and so on; auto: the part that"
            " Slurm, Kubernetes or AWS Batch names; `arena merge` joins them", metavar="I/N"),
    Setting("workers", ("--workers",), "int", 4, _OP, _RESULTS,
            "matches played at once", low=1, high=4096, metavar="N"),
    Setting("processes", ("--processes",), "int", 1, _OP, _RESULTS,
            "play in N processes of this machine, which share workers and limits; the result is the same", low=1,
            high=256, metavar="N"),
    Setting("continue_on_error", ("--continue-on-error",), "flag", False, _OP, _RESULTS,
            "keep starting matches after one failed (exit code 1 at the end)"),
    Setting("fsync", ("--fsync",), "flag", False, _OP, _RESULTS,
            "sync every answer to disk before it is used (guards against power loss)"),
    Setting("junit", ("--junit",), "path", None, _OP, _RESULTS,
            "write the matches as JUnit XML at the end, even if the run had errors", metavar="FILE"),
    Setting("github_summary", ("--github-summary",), "path", None, _OP, _RESULTS,
            "append the results to this Markdown file at the end [FILE defaults to GITHUB_STEP_SUMMARY]",
            metavar="FILE", bare_env="GITHUB_STEP_SUMMARY"),
    Setting("annotations", ("--annotations",), "flag", False, _OP, _RESULTS,
            "print GitHub annotations at the end, at most 10 of a kind"),
    Setting("min_coverage", ("--min-coverage",), "float", 95.0, _OP, _RESULTS,
            "warn if a smaller percentage of the planned matches has a result", low=0, high=100, metavar="PERCENT"),
    Setting("dry_run", ("--dry-run",), "flag", False, _CALL, _RESULTS,
            "print the plan, with an estimate and an upper bound of calls, tokens and cost; needs no key, plays"
            " nothing"),
    Setting("timeout", ("--timeout",), "seconds", 300.0, _OP, _CALLS,
            "seconds for one HTTP call", above=0, high=86_400, metavar="S"),
    Setting("deadline", ("--deadline",), "seconds", 900.0, _OP, _CALLS,
            "seconds for one call with all its retries", above=0, high=604_800, metavar="S"),
    Setting("max_retries", ("--max-retries",), "int", 5, _OP, _CALLS,
            "retries of one call (while a server limits the rate, only --deadline counts; 0: none at all)", low=0,
            high=1000, metavar="N"),
    Setting("rpm", ("--rpm",), "list", (), _OP, _CALLS,
            "limit on requests per minute: N for each provider, PROVIDER=N for one; lowered after a 429; repeatable",
            metavar="N"),
    Setting("tpm", ("--tpm",), "list", (), _OP, _CALLS,
            "limit on tokens per minute, sent and received: N for each provider, PROVIDER=N for one; repeatable",
            metavar="N"),
    Setting("backoff", ("--backoff",), "seconds", 0.5, _OP, _CALLS,
            "first wait before a retry, in seconds; doubled each time", low=0, high=3600, metavar="S"),
    Setting("grace", ("--grace",), "seconds", 10.0, _OP, _CALLS,
            "seconds that Ctrl-C waits for calls in flight before it abandons them", low=0, high=86_400, metavar="S"),
    Setting("ssl_verify", ("--ssl-verify",), "flag", True, _OP, _CALLS,
            "accept any TLS certificate, even a forged one (prints a warning)", env="ARENA_SSL_VERIFY"),
    Setting("allow_plain_http", ("--allow-plain-http",), "flag", False, _OP, _CALLS,
            "send keys over http:// to hosts other than this machine, where anybody on the network path can read them"),
    Setting("print_http_errors", ("--print-http-errors",), "flag", False, _OP, _CALLS,
            "print the structured payload of HTTP errors", env="ARENA_PRINT_HTTP_ERRORS"),
    Setting("max_calls", ("--max-calls",), "int", None, _OP, _LIMITS,
            "limit on attempts of model and judge calls in the run: each retry counts", low=0, liftable=True,
            metavar="N"),
    Setting("max_total_tokens", ("--max-total-tokens",), "int", None, _OP, _LIMITS,
            "limit on the tokens of the run, sent and received", low=0, liftable=True, metavar="N"),
    Setting("max_prompt_tokens", ("--max-prompt-tokens",), "int", None, _OP, _LIMITS,
            "limit on tokens sent", low=0, liftable=True, metavar="N"),
    Setting("max_completion_tokens", ("--max-completion-tokens",), "int", None, _OP, _LIMITS,
            "limit on tokens received", low=0, liftable=True, metavar="N"),
    Setting("max_cost_usd", ("--max-cost-usd",), "float", None, _OP, _LIMITS,
            "limit on US dollars, judge included", low=0, liftable=True, metavar="X"),
    Setting("prices", ("--prices",), "path", "config/prices.yaml", _OP, _LIMITS,
            "file of prices per model, to compute costs", metavar="FILE"),
    Setting("fail_on_budget", ("--fail-on-budget",), "flag", False, _OP, _LIMITS,
            "exit code 3 when a limit stopped the run [default: exit code 0]"),
)  # fmt: skip
SETTINGS_FILE: tuple[Setting, ...] = (
    Setting("config", ("--config",), "path", None, _CALL, _DISPLAY,
            "read settings from a YAML or JSON file (keys: the names in docs/configuration.md)", metavar="FILE"),
)  # fmt: skip
SHOWING: tuple[Setting, ...] = (
    Setting("env_file", ("--env-file",), "path", None, _CALL, _DISPLAY,
            "read variables from this file instead of the clone's .env", metavar="FILE"),
    Setting("progress", ("--progress",), "flag", False, _CALL, _DISPLAY,
            "print a line per match if there is no terminal (a terminal shows a live line unless --quiet is given)"),
    Setting("quiet", ("--quiet",), "flag", False, _CALL, _DISPLAY, "print only warnings and errors"),
    Setting("table", ("--table",), "flag", False, _CALL, _DISPLAY,
            "print a row for every challenge at the end, not only the weakest five"),
    Setting("verbose", ("--verbose",), "flag", False, _CALL, _DISPLAY,
            "list every difference when a resume is refused, digests included"),
    Setting("json", ("--json",), "flag", False, _CALL, _DISPLAY, "print the summary as one JSON object"),
    Setting("no_color", ("--no-color",), "flag", False, _CALL, _DISPLAY, "no colours (NO_COLOR does the same)"),
    Setting("version", ("--version",), "version", None, _CALL, _DISPLAY, "print the version and exit"),
)  # fmt: skip
CORE: tuple[Setting, ...] = (*PLAYING, *SETTINGS_FILE, *SHOWING)
"""Settings of every run: seed, results, service calls, limits; the settings file, which a family may replace; texts."""

NOT_FROM_A_STRANGER = frozenset({
    "allow_plain_http", "calculator_lambda_url", "env_file", "github_summary", "judge_batch", "junit", "out",
    "print_http_errors", "results_dir", "run_id", "ssl_verify",
})  # fmt: skip
"""Settings that decide where keys are sent, what is trusted or which files are written. They come only from flags, the
environment and the clone's .env, never from a settings file, which may have come with a received run."""

NOT_IN_CONFIG_FILE = NOT_FROM_A_STRANGER | {"config", "version"}


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that is read in addition to the settings; `default` as a user would write it."""

    name: str
    group: str
    help: str
    default: str = ""


_KEYS, _AWS, _TERMINAL, _NETWORK = "Keys and endpoints", "Calculator on AWS Lambda", "Terminal and files", "Network"
_RISK = "Risk lab (`arena risk`)"

VARIABLES: tuple[Variable, ...] = (
    Variable("OPENAI_API_KEY", _KEYS, "key for openai and openai-chat"),
    Variable("OPENAI_BASE_URL", _KEYS, "base ending in /v1 or whole endpoint", "https://api.openai.com/v1/responses"),
    Variable("OPENAI_CHAT_BASE_URL", _KEYS, "the same for openai-chat alone (overrides OPENAI_BASE_URL)"),
    Variable("ANTHROPIC_API_KEY", _KEYS, "key for anthropic"),
    Variable("ANTHROPIC_BASE_URL", _KEYS, "base or whole endpoint", "https://api.anthropic.com/v1/messages"),
    Variable("ANTHROPIC_VERSION", _KEYS, "value of the anthropic-version header", "2023-06-01"),
    Variable("FIREWORKS_API_KEY", _KEYS, "key for fireworks"),
    Variable("FIREWORKS_BASE_URL", _KEYS, "base or whole endpoint",
             "https://api.fireworks.ai/inference/v1/chat/completions"),
    Variable("FIREWORKS_ACCOUNT_ID", _KEYS, "account in which scripts tune and deploy models"),
    Variable("GROQ_API_KEY", _KEYS, "key for groq"),
    Variable("GROQ_BASE_URL", _KEYS, "base or whole endpoint", "https://api.groq.com/openai/v1"),
    Variable("TOGETHER_API_KEY", _KEYS, "key for together"),
    Variable("TOGETHER_BASE_URL", _KEYS, "base or whole endpoint", "https://api.together.xyz/v1"),
    Variable("OPENROUTER_API_KEY", _KEYS, "key for openrouter"),
    Variable("OPENROUTER_BASE_URL", _KEYS, "base or whole endpoint", "https://openrouter.ai/api/v1"),
    Variable("MISTRAL_API_KEY", _KEYS, "key for mistral"),
    Variable("MISTRAL_BASE_URL", _KEYS, "base or whole endpoint", "https://api.mistral.ai/v1"),
    Variable("DEEPSEEK_API_KEY", _KEYS, "key for deepseek"),
    Variable("DEEPSEEK_BASE_URL", _KEYS, "base or whole endpoint", "https://api.deepseek.com/v1"),
    Variable("ARENA_LOCAL_BASE_URL", _KEYS, "server for local (vLLM, llama.cpp, Ollama)", "http://127.0.0.1:8000/v1"),
    Variable("ARENA_LOCAL_API_KEY", _KEYS, "key for local, if the server needs one"),
    Variable("OPENAI_API_KEYS", _KEYS, "several keys for openai and openai-chat, separated by commas: used in turn"),
    Variable("ANTHROPIC_API_KEYS", _KEYS, "several keys for anthropic, separated by commas: used in turn"),
    Variable("FIREWORKS_API_KEYS", _KEYS, "several keys for fireworks, separated by commas: used in turn"),
    Variable("GROQ_API_KEYS", _KEYS, "several keys for groq, separated by commas: used in turn"),
    Variable("TOGETHER_API_KEYS", _KEYS, "several keys for together, separated by commas: used in turn"),
    Variable("OPENROUTER_API_KEYS", _KEYS, "several keys for openrouter, separated by commas: used in turn"),
    Variable("MISTRAL_API_KEYS", _KEYS, "several keys for mistral, separated by commas: used in turn"),
    Variable("DEEPSEEK_API_KEYS", _KEYS, "several keys for deepseek, separated by commas: used in turn"),
    Variable("ARENA_LOCAL_API_KEYS", _KEYS, "several keys for local, separated by commas: used in turn"),
    Variable("OPENAI_KEY_HEADER", _KEYS, "header of the key for openai, openai-chat (Azure: api-key)", "Authorization"),
    Variable("ARENA_LOCAL_KEY_HEADER", _KEYS, "header of the key for local", "Authorization"),
    Variable("CRYPTOMATH_LAMBDA_TOKEN", _AWS, "sent as a bearer token instead of an AWS signature"),
    Variable("AWS_ACCESS_KEY_ID", _AWS, "signs calls of a function URL with AWS_IAM, and the deployment"),
    Variable("AWS_SECRET_ACCESS_KEY", _AWS, "secret of that key"),
    Variable("AWS_SESSION_TOKEN", _AWS, "for temporary credentials"),
    Variable("AWS_REGION", _AWS, "region of the function: deployment, and signing if the address names none"),
    Variable("AWS_DEFAULT_REGION", _AWS, "used if AWS_REGION is not set"),
    Variable("LAMBDA_FUNCTION_NAME", _AWS, "deployment: name of the function", "cryptomath"),
    Variable("LAMBDA_ROLE_ARN", _AWS, "deployment: role that the function runs as"),
    Variable("LAMBDA_ARCHITECTURE", _AWS, "deployment: arm64 or x86_64", "arm64"),
    Variable("LAMBDA_MEMORY_MB", _AWS, "deployment: memory in MB", "512"),
    Variable("LAMBDA_TIMEOUT_S", _AWS, "deployment: seconds per request", "30"),
    Variable("LAMBDA_AUTH", _AWS, "deployment: who may call the URL: AWS_IAM, or NONE (anyone)", "AWS_IAM"),
    Variable("ARENA_CALCULATOR_BIN", _TERMINAL, "calculator binary to use instead of the one built in the clone"),
    Variable("ARENA_SHARD_COUNT", _TERMINAL,
             "number of shards for --shard auto, if the scheduler does not set it"),
    Variable("SLURM_ARRAY_TASK_ID", _TERMINAL, "set by Slurm with _MIN, _MAX, _STEP and _COUNT: read by --shard auto"),
    Variable("JOB_COMPLETION_INDEX", _TERMINAL, "set by Kubernetes in an Indexed Job: read by --shard auto"),
    Variable("AWS_BATCH_JOB_ARRAY_INDEX", _TERMINAL,
             "set by AWS Batch: read by --shard auto"),
    Variable("AWS_BATCH_JOB_ARRAY_SIZE", _TERMINAL, "set by AWS Batch: must equal ARENA_SHARD_COUNT"),
    Variable("ARENA_DEBUG", _TERMINAL, "1: show the traceback of an internal error (only in the real environment)"),
    Variable("ARENA_NO_DOTENV", _TERMINAL, "1: read no .env (only in the real environment)"),
    Variable("STRICT", _TERMINAL, "1: `arena check` treats a warning as a failure (--strict has priority)"),
    Variable("GITHUB_STEP_SUMMARY", _TERMINAL, "file for --github-summary without a value; GitHub Actions sets it"),
    Variable("NO_COLOR", _TERMINAL, "not empty: no colours"),
    Variable("FORCE_COLOR", _TERMINAL, "not empty: colours even into a pipe"),
    Variable("MODE", _RISK, "SHIM or REAL, as --mode", "SHIM"),
    Variable("MODEL", _RISK, "the model that plays, as --model"),
    Variable("GATES", _RISK, "policy file, as --gates", "config/gates.yaml"),
    Variable("GATES_MODE", _RISK, "decision if no rule of a policy decides: allow, warn, strict (deny)"),
    Variable("GATES_ENFORCEMENT", _RISK, "enforce, or shadow: decisions are recorded and not enforced"),
    Variable("EVALUATOR", _RISK, "evaluator rules, as --evaluator", "config/evaluator.yaml"),
    Variable("ALLOW_SENSITIVE", _RISK, "1: real models may play slices that are tagged sensitive"),
    Variable("TRIALS", _RISK, "cases of each slice, as --trials", "6"),
    Variable("SEED", _RISK, "run seed, as --seed", "42"),
    Variable("SEEDS", _RISK, "several run seeds, separated by commas, as --seeds"),
    Variable("TEMPERATURE", _RISK, "sampling temperature, as --temperature", "0.2"),
    Variable("MAX_TRIALS", _RISK, "limit on trials that get an answer, as --max-trials"),
    Variable("MAX_CALLS", _RISK, "limit on model calls, as --max-calls"),
    Variable("MAX_TOTAL_TOKENS", _RISK, "limit on tokens, sent and received, as --max-total-tokens", "100000"),
    Variable("MAX_PROMPT_TOKENS", _RISK, "limit on tokens sent, as --max-prompt-tokens", "80000"),
    Variable("MAX_COMPLETION_TOKENS", _RISK, "limit on tokens received, as --max-completion-tokens", "40000"),
    Variable("DRY_RUN", _RISK, "1: only gates and bookkeeping, without a model, as --dry-run"),
    Variable("FAIL_ON_BUDGET", _RISK, "1: exit code 3 when a limit stopped the run, as --fail-on-budget"),
    Variable("RUN_ID", _RISK, "name of the run below the results folder, as --run-id"),
    Variable("REPORT_MAX_TRIAL_ROWS", _RISK, "trials that the page shows, as --max-trial-rows", "1000"),
    Variable("HTTPS_PROXY", _NETWORK, "proxy for https calls (lower case works too)"),
    Variable("HTTP_PROXY", _NETWORK, "proxy for http calls (only lower case http_proxy also in CGI settings)"),
    Variable("ALL_PROXY", _NETWORK, "proxy if neither of the two is set"),
    Variable("NO_PROXY", _NETWORK, "hosts, separated by commas, that are called directly"),
    Variable("SSL_CERT_FILE", _NETWORK, "file of certificate authorities (PEM) instead of the system's"),
)  # fmt: skip
