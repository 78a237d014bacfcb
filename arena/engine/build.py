"""Names -> objects. Only this module imports providers, calculators and families by name.

Each table maps a name to the module that builds it; a module is imported when its name is chosen, so that a mock run
never loads HTTP and every command starts fast.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena.calculator.carrier import CalculatorSettings, ensure_built
from arena.errors import ConfigError, DataError, Issue, ServiceFault
from arena.families.contract import Family
from arena.messages import Calculator, Provider, Sampling
from arena.play.services import Model
from arena.play.tool_protocol import describe
from arena.providers.nobody import Nobody
from arena.records import Json
from arena.settings.config import Config, ModelRef, panel, players
from arena.settings.prices import FREE, Price, load_prices
from arena.settings.table import PROVIDERS as KNOWN_PROVIDERS
from arena.store.finished_run import Source
from arena.store.rundir import MANIFEST_FILE

PROVIDERS: Mapping[str, str] = {
    "mock": "arena.families.crypto.mock.provider",
    "scripted": "arena.families.crypto.scripted",
    "replay": "arena.providers.replay",
    "openai": "arena.providers.openai",
    "openai-chat": "arena.providers.chat",
    "anthropic": "arena.providers.anthropic",
    "fireworks": "arena.providers.chat",
    "groq": "arena.providers.chat",
    "together": "arena.providers.chat",
    "openrouter": "arena.providers.chat",
    "mistral": "arena.providers.chat",
    "deepseek": "arena.providers.chat",
    "local": "arena.providers.chat",
}
"""A new provider is one file and one row; its module offers `build(name, settings) -> Provider`."""

OFFLINE = frozenset(name for name, known in KNOWN_PROVIDERS.items() if known.offline)
"""Providers that need no HTTP settings."""

FILE_MODELS = frozenset(name for name, known in KNOWN_PROVIDERS.items() if known.model_is_path)
"""Providers whose models are files; their modules offer `digest(model)`."""

CALCULATORS: Mapping[str, str] = {
    "process": "arena.calculator.process",
    "oneshot": "arena.calculator.process",
    "lambda": "arena.calculator.lambda_url",
}
"""Carriers; each module offers `build(name, settings) -> Calculator`."""

LOCAL_CALCULATORS = frozenset({"process", "oneshot"})

FAMILIES: Mapping[str, str] = {
    "crypto": "arena.families.crypto.setup",
    "calibration": "arena.families.crypto.calibration.family",
}
"""Benchmark families; each module offers `build(config, tools) -> Family`, and `from_run(run_dir, identity) -> Family`
for a run that was played."""

REJUDGED = "rejudged"
VARIANTS: Mapping[str, str] = {REJUDGED: "arena.analysis.rejudge.rejudge"}
"""What makes another family of one that it is given: its module offers `build` as families do, and
`of_run(run_dir, identity, family)`."""


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """Return the module behind a name. Errors: ConfigError naming what exists."""
    if name not in table:
        raise ConfigError(f"unknown {what} {name!r}; there are: {', '.join(table)}")
    return importlib.import_module(table[name])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process around a run gives: the merged environment, the clone, the stop event, where to tell."""

    environ: Mapping[str, str]
    root: Path
    stop: threading.Event
    notify: Callable[[str], None]
    warn: Callable[[str], None]
    argv: tuple[str, ...] = ()
    """The flags as they were given, for saying how to go on."""
    door: str = "arena.run"
    """The command that they were given to, as it stands behind `python3 -m`."""


@dataclass(slots=True)
class Providers:
    """Builds each provider once and hands out models."""

    config: Config
    around: Surroundings
    prices: Mapping[str, Price]
    _built: dict[str, Provider] = field(default_factory=dict)

    def provider(self, name: str) -> Provider:
        """Return a provider. Errors: ConfigError when its key or address is missing or wrong."""
        built = self._built.get(name)
        if built is None:
            module = load(PROVIDERS, name, "provider")
            built = module.build(name, None if name in OFFLINE else self._http_settings())
            self._built[name] = built
            if name not in OFFLINE:
                importlib.import_module("arena.providers.http.descriptors").ensure_descriptors(self.config.workers)
            for warning in getattr(built, "warnings", ()):
                self.around.warn(warning.removeprefix("warning: "))
        return built

    def _http_settings(self) -> Any:
        return http_settings(self.config, self.around)

    def model(self, ref: ModelRef, sampling: Sampling, judging: bool = False) -> Model:
        """Return a model ready to be asked. Errors: as of `provider` and `price`; ConfigError, DataError for a mock,
        a script or a recording that does not exist."""
        provider = self.provider(ref.provider)
        if ref.provider in OFFLINE:
            provider.check_model(ref.model, judging)  # type: ignore[attr-defined]
        else:
            provider.check_sampling(sampling)  # type: ignore[attr-defined]
        recording = provider.recording(ref.model) if ref.provider == "replay" else None  # type: ignore[attr-defined]
        return Model(provider, ref.model, str(ref.shown), sampling, self.price(ref), recording)

    def price(self, ref: ModelRef) -> Price:
        """Return the price of a model. Errors: ConfigError when a cost ceiling is set and there is none."""
        if ref.provider in OFFLINE:
            return FREE
        found = self.prices.get(str(ref))
        if found is None and self.config.max_cost_usd is not None:
            raise ConfigError(f"--max-cost-usd: there is no price for {ref}; add it to {self.config.prices}")
        return found or FREE

    def close(self) -> None:
        for provider in self._built.values():
            provider.close()


def http_settings(config: Config, around: Surroundings, **changes: Any) -> Any:
    """Return TransportSettings from the config; `changes` set further fields."""
    transport = importlib.import_module("arena.providers.http.transport")
    return transport.TransportSettings(
        **{
            "environ": around.environ,
            "timeout_s": config.timeout,
            "connect_timeout_s": min(10.0, config.timeout),
            "deadline_s": config.deadline,
            "max_retries": config.max_retries,
            "backoff_base_s": config.backoff,
            "max_connections": config.workers + 8,
            "verify_tls": config.ssl_verify,
            "print_http_errors": config.print_http_errors,
            "allow_plain_http": config.allow_plain_http,
            "notify": around.warn,
            "stop": around.stop,
            **changes,
        }
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays and who judges. `panel`: the judge of each question about a match. `unpriced` names models whose cost
    is not known; `files` holds the digests of the files behind models, by label."""

    default: Model
    by_role: Mapping[str, Model]
    panel: tuple[Model, ...]
    unpriced: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def judge(self) -> Model:
        return self.panel[0]

    def player(self, seat: str) -> Model:
        return self.by_role.get(seat, self.default)

    def players(self) -> list[Model]:
        return [self.default, *self.by_role.values()]

    def models(self) -> list[Model]:
        return [*self.players(), *self.panel]


@contextmanager
def casting(config: Config, around: Surroundings) -> Iterator[Cast]:
    """Build every provider that the run needs, before any call; closes them at the end.

    Errors: ConfigError for an unknown provider, a missing key, a missing price where a cost ceiling needs it.
    """
    prices = load_prices(Path(config.prices))
    providers = Providers(config, around, prices)
    try:
        sampling = Sampling(config.temperature, config.top_p, config.max_tokens, None, config.reasoning_effort)
        judging = Sampling(config.judge_temperature, None, config.judge_max_tokens)
        refs, judges = players(config), panel(config)
        source: Source | None = config.get("source_run")

        def player(ref: ModelRef) -> Model:
            return providers.model(ref, sampling) if source is None else played(ref, source)

        default, by_role = player(refs.default), {role: player(ref) for role, ref in refs.by_role.items()}
        graders = tuple(providers.model(ref, judging, judging=True) for ref in judges.judges) * judges.repetitions
        models = (default, *by_role.values(), *graders)
        labels = {model.label for model in models if not model.provider.offline}
        files = {
            model.label: model.provider.digest(model.name)  # type: ignore[attr-defined]
            for model in models
            if model.provider.name in FILE_MODELS
        }
        yield Cast(default, by_role, graders, tuple(sorted(labels - prices.keys())), files)
    finally:
        providers.close()


def played(ref: ModelRef, source: Source) -> Model:
    """Return a player of matches that are played already: its name, and nobody behind it."""
    nobody = Nobody(source.path)
    return Model(nobody, ref.model, str(ref.shown), Sampling(), FREE, nobody)


@contextmanager
def calculating(config: Config, around: Surroundings) -> Iterator[Calculator | None]:
    """Yield the calculator of a run, built first where it must be; None for `none` and where cargo is missing.

    Errors: ConfigError, UsageError before any call, also when it does not answer its first question.
    """
    name = config.calculator_provider
    if name == "none":
        yield None
        return
    command = None
    if name in LOCAL_CALCULATORS:
        binary = ensure_built(config.root, around.notify, around.environ)
        if binary is None:
            yield None
            return
        command = (str(binary),)
    # The carrier reads these switches where they are variables; a flag or a settings file may have set them.
    switches = {"ARENA_SSL_VERIFY": config.ssl_verify, "ARENA_PRINT_HTTP_ERRORS": config.print_http_errors}
    settings = CalculatorSettings(
        root=config.root,
        environ={**around.environ, **{name: str(int(on)) for name, on in switches.items()}},
        timeout_s=config.calculator_timeout,
        command=command,
        lambda_url=config.calculator_lambda_url,
        notify=around.notify,
        stop=around.stop,
    )
    calculator: Calculator = load(CALCULATORS, name, "calculator").build(name, settings)
    try:
        _check_answers(calculator)
        yield calculator
    finally:
        calculator.close()


def _check_answers(calculator: Calculator) -> None:
    try:
        calculator.catalogue()
    except ServiceFault as fault:
        raise ConfigError(
            f"the calculator does not answer: {fault}; check --calculator-provider {calculator.name} and its address or"
            " binary, or play without tools: --calculator-provider none"
        ) from fault


def tools_text(config: Config, cast: Cast, calculator: Calculator | None) -> str | None:
    """Return what players are shown of the calculator, or None without one; a replay shows what its run showed.

    Errors: ConfigError for a family of operations that the calculator does not have.
    """
    for model in cast.players():
        if model.recording is not None:
            return model.recording.tools_text()
    if calculator is None:
        return None
    catalogue = calculator.catalogue()
    known = list(dict.fromkeys(row["family"] for row in catalogue))
    unknown = [name for name in config.op_families if name not in known]
    if unknown:
        raise ConfigError(f"--op-families: there is no family {', '.join(unknown)}; there are: {', '.join(known)}")
    return describe(catalogue, config.max_tool_calls_per_turn, config.op_families or None)


def build_family(name: str, config: Config, tools: str | None) -> Family:
    """Return the family of a run. Errors: ConfigError, DataError, UsageError from its inputs."""
    family: Family = load({**FAMILIES, **VARIANTS}, name, "family").build(config, tools)
    return family


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError)
"""What reading data raises that is JSON, but not of the shape that the arena writes."""


def family_of_run(run_dir: Path, identity: Mapping[str, Json]) -> Family:
    """Return the family of a finished run, out of the run directory alone: for what judges, verifies and shows it.

    Errors: ConfigError for a family that does not exist here, DataError for inputs or an identity that cannot be read.
    """
    try:
        family: Family = load(FAMILIES, str(identity["family"]), "family").from_run(run_dir, identity)
        if "source" in identity:
            family = load(VARIANTS, REJUDGED, "variant").of_run(run_dir, identity, family)
    except OSError as error:
        raise DataError([Issue(str(error.filename), "", f"cannot be read: {error.strerror}")]) from error
    except MALFORMED as error:
        message = f"is not as the arena writes it: {type(error).__name__}: {error}"
        raise DataError([Issue(str(run_dir / MANIFEST_FILE), "/identity", message)]) from error
    return family
