"""Settings of a run: defaults < config file < .env < environment < flags.

The table is arena/settings/table.py. Importing this module must stay cheap, since `--help` waits for it: no HTTP, no
TLS, no schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena.errors import ConfigError, DataError, Issue, UsageError
from arena.formats import simpleyaml
from arena.formats.bounded import parse_json
from arena.formats.json_types import Json
from arena.formats.strict_json import read_bytes
from arena.formats.suggest import suggest
from arena.settings.env import Dotenv, read_dotenv
from arena.settings.flag_rows import build_parser, declare_settings, default_text, settings_parser
from arena.settings.flags import Parser
from arena.settings.model_refs import ModelRef, Panel, Players, split_model
from arena.settings.places import DATA_ROOT
from arena.settings.redaction import public_url
from arena.settings.table import NOT_FROM_A_STRANGER, NOT_IN_CONFIG_FILE, MockModels, Setting
from arena.settings.values import from_json, from_text, from_texts
from arena.settings.views import (
    JudgeSettings,
    Operation,
    PlayerSettings,
    ToolSettings,
    judge_settings,
    operation,
    player_settings,
    tool_settings,
)

__all__ = [
    "Config", "ModelRef", "Panel", "Players", "build_parser", "check_settings", "declare_settings", "default_text",
    "read_config", "settings_parser",
]  # fmt: skip

NO_MOCKS = MockModels()

DEPLOYMENT_BLOCK = "deployment"
"""A block of a settings file for the scripts that make a deployment (scripts/marco_defaults.py checks it). A run makes
no deployment and ignores the block."""


@dataclass(frozen=True, slots=True, eq=False)
class Config(Mapping[str, Any]):
    """All settings of one call, as a mapping: a family reads its own there (`config["max_turns"]`).

    Settings of every run are read through the typed views: `operation`, `players`, `judge`, `tools`.
    Kinds: text str, path Path, int int, float and seconds float, flag bool, list tuple of str, roles tuple of
    (role, provider/model) pairs; None if nothing is set.
    `source`: name -> where the value came from: `default`, `config file`, `.env NAME`, `environment NAME`, the flag.
    `environ`: the merged environment, from which providers take keys and addresses; in no repr and no manifest.
    """

    settings: Mapping[str, Any]
    source: Mapping[str, str]
    table: tuple[Setting, ...]
    root: Path
    environ: Mapping[str, str] = field(repr=False)
    mocks: MockModels = MockModels()
    """The mock models of the family, which play if no model is named."""
    dotenv: Dotenv = field(default_factory=Dotenv)
    """The .env file that was read, for the message about it."""

    @property
    def operation(self) -> Operation:
        """The settings that every run has."""
        return operation(self.settings)

    @property
    def players(self) -> PlayerSettings | None:
        """The models of the seats; None for a family without the block. Raises UsageError for a missing model."""
        return player_settings(self.settings, self.mocks)

    @property
    def judge(self) -> JudgeSettings | None:
        """The judge; None for a family without the block. Raises UsageError if no judge is named."""
        return judge_settings(self.settings, self.mocks)

    @property
    def tools(self) -> ToolSettings | None:
        """The calculator; None for a family without the block."""
        return tool_settings(self.settings)

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def __len__(self) -> int:
        return len(self.settings)

    def identity_settings(self) -> dict[str, Json]:
        """The identity settings, for the manifest: resume refuses a change. Models are resolved. Raises UsageError.

        A file is given by its name below the data root (or its bare name); the manifest has the digest of its content.
        """
        found = self._part("identity")
        who, grader = self.players, self.judge
        if who is not None:
            found["participant_provider"], found["participant_model"] = who.refs.default.shown
            found["role_model"] = {role: str(ref.shown) for role, ref in sorted(who.refs.by_role.items())}
        if grader is not None:
            found["judge_provider"], found["judge_model"] = grader.ref.shown
        return found

    def operation_settings(self) -> dict[str, Json]:
        """The operation settings, for the manifest: free to change on resume. No keys, no absolute paths."""
        return self._part("operation")

    def _part(self, part: str) -> dict[str, Json]:
        return {row.name: self._plain(row) for row in self.table if row.part == part}

    def _plain(self, row: Setting) -> Json:
        value = self.settings[row.name]
        if isinstance(value, Path):
            path = value.resolve()
            return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        if isinstance(value, tuple):
            return list(value)
        if value is not None and row.name.endswith("_url"):
            return public_url(value)
        return value


def read_config(
    argv: Sequence[str],
    environ: Mapping[str, str],
    table: tuple[Setting, ...],
    parser: Parser,
    root: Path = DATA_ROOT,
    mocks: MockModels = NO_MOCKS,
    complete: bool = True,
) -> Config:
    """Return the settings of one call. `environ` is the real environment; .env is merged under it here.

    `table`: the settings of the command; `parser`: its flags; `mocks`: the mock models of its family.
    `complete`: settings that depend on each other must all be given; False for a call that only shows them.

    Raises UsageError for unknown flags, ConfigError with every value out of range, DataError for a bad config file or
    .env. `--help` and `--version` print and raise SystemExit(0), as argparse does.
    """
    written = _written(argv, parser)
    _require_data(root)
    named = written.get("env_file")
    dotenv = read_dotenv(environ, root, None if named is None else Path(named))
    merged = {**dotenv.values, **environ}
    issues: list[str] = []
    _fill_bare(written, table, merged, issues)
    values: dict[str, Any] = {row.name: _default(row, root) for row in table}
    source = {row.name: "default" for row in table}
    if "config" in written:
        _apply_file(Path(written["config"]), table, values, source, issues)
    flags = _convert(((row, row.flags[0], written[row.name]) for row in table if row.name in written), issues)
    _apply_variables([row for row in table if row.env_if is None], environ, merged, (values, source), issues)
    _apply(flags, values, source)
    _split_models(flags, values, source, issues)
    conditional = [row for row in table if row.env_if is not None and row.name not in flags]
    _apply_variables(conditional, environ, merged, (values, source), issues)
    if complete:
        issues += _contradictions(values)
    if issues:
        raise ConfigError("\n".join(issues))
    return Config(values, source, table, root.resolve(), merged, mocks, dotenv)


def _require_data(root: Path) -> None:
    """Raise ConfigError for a package that was copied without its data files."""
    if root == DATA_ROOT and not (root / "config").is_dir():
        raise ConfigError(
            f"the arena's data files are missing in {root}: run it from a clone, or install the complete package"
            " (docs/installing.md in the repository says how)"
        )


def _written(argv: Sequence[str], parser: Parser) -> dict[str, Any]:
    found, rest = parser.parse_known_args(list(argv))
    if rest:
        word = rest[0].partition("=")[0]
        if not word.startswith("-"):
            parser.error(f"unexpected argument {word!r}: every value needs a flag")
        parser.error(f"unknown flag {word}{suggest(word, parser.flags())}")
    return vars(found)


def _fill_bare(
    written: dict[str, Any], table: Sequence[Setting], environ: Mapping[str, str], issues: list[str]
) -> None:
    """Read a bare flag's value from its variable."""
    for row in table:
        if row.bare_env is not None and written.get(row.name) is True:
            written[row.name] = environ.get(row.bare_env, "").strip()
            if not written[row.name]:
                del written[row.name]
                issues.append(f"{row.flags[0]}: give a file, or set {row.bare_env}, which names one")


def _default(row: Setting, root: Path) -> Any:
    return root / row.default if row.kind == "path" and row.default is not None else row.default


def _convert(found: Iterable[tuple[Setting, str, Any]], issues: list[str]) -> dict[str, tuple[Any, str]]:
    """Return name -> (value, source) of texts; a value out of range becomes an issue."""
    converted: dict[str, tuple[Any, str]] = {}
    for row, source, raw in found:
        try:
            if isinstance(raw, list):
                value = from_texts(row, raw)
            else:
                value = raw if isinstance(raw, bool) else from_text(row, raw)
        except ValueError as error:
            issues.append(f"{source}: {error}")
        else:
            converted[row.name] = (Path(value) if row.kind == "path" else value, source)
    return converted


def _apply(found: Mapping[str, tuple[Any, str]], values: dict[str, Any], source: dict[str, str]) -> None:
    for name, (value, where) in found.items():
        values[name], source[name] = value, where


def _apply_variables(
    rows: Iterable[Setting],
    real: Mapping[str, str],
    merged: Mapping[str, str],
    target: tuple[dict[str, Any], dict[str, str]],
    issues: list[str],
) -> None:
    """Apply the variables of `rows`; an empty variable counts as not set, as does one whose condition fails."""
    values, source = target
    found = []
    for row in rows:
        text = merged.get(row.env or "", "").strip()
        if text and (row.env_if is None or values[row.env_if[0]] in row.env_if[1]):
            found.append((row, f"{'environment' if row.env in real else '.env'} {row.env}", text))
    _apply(_convert(found, issues), values, source)


def _apply_file(
    path: Path, table: Sequence[Setting], values: dict[str, Any], source: dict[str, str], issues: list[str]
) -> None:
    rows = {row.name: row for row in table if row.name not in NOT_IN_CONFIG_FILE}
    elsewhere = {row.name: row for row in table if row.name in NOT_FROM_A_STRANGER}
    for key, raw in _load_file(path).items():
        row = rows.get(key)
        if row is None and key in elsewhere:
            issues.append(f"{path}: {key} {_where_else(elsewhere[key])}")
            continue
        if row is None:
            issues.append(f"{path}: unknown setting {key!r}{suggest(key, rows)}")
            continue
        try:
            value = from_json(row, raw)
        except ValueError as error:
            issues.append(f"{path}: {key} {error}")
            continue
        if raw is not None:
            values[key] = Path(value) if row.kind == "path" else value
            source[key] = f"config file {path}"


def _where_else(row: Setting) -> str:
    """Return how to give a setting that a settings file must not contain."""
    variable = f", or {row.env} in the environment or the clone's .env" if row.env else ""
    why = "a settings file may come from anybody, and this setting decides where keys go, what is run or written"
    return f"is refused here: {why}; give {row.flags[0]}{variable}"


def check_settings(path: Path, table: Sequence[Setting]) -> dict[str, Any]:
    """Return setting name -> value of what a config file sets, in the table's order.

    Raises DataError for a file that cannot be read, ConfigError with all keys and values that are wrong.
    """
    values: dict[str, Any] = {}
    issues: list[str] = []
    _apply_file(path, table, values, {}, issues)
    if issues:
        raise ConfigError("\n".join(issues))
    return {row.name: values[row.name] for row in table if row.name in values}


def _load_file(path: Path) -> dict[str, Json]:
    content = simpleyaml.load(path) if path.suffix != ".json" else parse_json(read_bytes(path), str(path))
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise DataError([Issue(str(path), "", "must be a mapping of settings (name: value)")])
    if isinstance(content.get(DEPLOYMENT_BLOCK), dict):
        del content[DEPLOYMENT_BLOCK]
    return content


def _split_models(
    flags: Mapping[str, object], values: dict[str, Any], source: dict[str, str], issues: list[str]
) -> None:
    """Split `provider/model` given as one text, unless the provider was given next to it."""
    for who in ("participant", "judge"):
        provider, model = f"{who}_provider", f"{who}_model"
        if values.get(model) is None:
            continue
        given = values[provider] if source[provider] != "default" else None
        try:
            values[provider], rest = split_model(given, values[model], f"--{who}-model")
        except UsageError as error:
            issues.append(str(error))
            continue
        values[model] = rest or None
        if given is None:
            source[provider] = source[model]


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return the contradictions between settings that are each in range."""
    found = []
    if values.get("quiet") and values.get("progress"):
        found.append("--quiet and --progress contradict each other: give one of the two")
    if values.get("resume") and values.get("out") is None:
        found.append("--resume: name the run directory with --out")
    if values.get("retry") and not values.get("resume"):
        found.append("--retry: only with --resume")
    recorded = values.get("judge_provider") == "replay"  # its tool calls are replayed with it
    if values.get("judge_tools") and values.get("calculator_provider") == "none" and not recorded:
        found.append("--judge-tools: there is nothing to recompute with under --calculator-provider none")
    if values.get("calculator_provider") == "lambda" and not values.get("calculator_lambda_url"):
        found.append("--calculator-provider lambda: give --calculator-lambda-url or set CRYPTOMATH_LAMBDA_URL")
    url = values.get("calculator_lambda_url")
    if url and not url.startswith(("https://", "http://")):
        found.append("--calculator-lambda-url: must start with https:// (or http://)")
    return found
