"""Names -> objects: families, providers, models, the calculator. Code that runs a built object looks up no names.

FAMILIES is the one table that names the families. Modules are imported when their name is chosen, so that a mock run
never loads HTTP and every command starts fast.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena.calculator.carrier import CalculatorSettings, ensure_built
from arena.engine.judge_batch import BATCH_PRICE
from arena.engine.request import ProcessContext as ProcessContext
from arena.engine.request import RunRequest as RunRequest
from arena.errors import ConfigError, ServiceFault
from arena.families.contract import Family
from arena.families.spec import FamilySpec, Need
from arena.formats.suggest import suggest
from arena.messages import Calculator, Provider, Sampling
from arena.play.context import Model
from arena.play.native_tools import describe_native
from arena.play.tool_protocol import describe
from arena.policy.gates import AllowAll, Gate
from arena.providers.nobody import Nobody, Unasked
from arena.records import Trial
from arena.settings.config import Config, ModelRef
from arena.settings.prices import FREE, Price, load_prices
from arena.settings.redaction import Redactor
from arena.settings.table import PROVIDERS
from arena.store.finished_run import Source

FAMILIES: Mapping[str, str] = {
    "crypto": "arena.families.crypto.spec",
    "calibration": "arena.families.crypto.calibration.spec",
    "baselines": "arena.families.crypto.baselines.spec",
    "risk": "arena.families.risk.spec",
    "cheaptalk": "arena.families.cheaptalk.spec",
}
"""Benchmark families: name -> module that offers `SPEC`, a FamilySpec. A new family is one folder and one row."""

CALCULATORS: Mapping[str, str] = {
    "process": "arena.calculator.process",
    "oneshot": "arena.calculator.process",
    "lambda": "arena.calculator.lambda_url",
}
"""Carriers; each module offers `build(name, settings) -> Calculator`."""

LOCAL_CALCULATORS = frozenset({"process", "oneshot"})

REJUDGED = "arena.analysis.rejudge.rejudge"
"""The module that turns a family into its calibration: `build(request, tools)`, `of_run(run_dir, identity, family)`."""


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """Return the module behind a name. Errors: ConfigError naming what exists."""
    if name not in table:
        raise ConfigError(f"unknown {what} {name!r}{suggest(name, table)}; there are: {', '.join(table)}")
    return importlib.import_module(table[name])


def family_spec(name: str) -> FamilySpec:
    """Return the static part of a family. Errors: ConfigError naming the families that exist."""
    spec: FamilySpec = load(FAMILIES, name, "family").SPEC
    return spec


@dataclass(slots=True)
class Providers:
    """Builds each provider once and hands out models."""

    request: RunRequest
    prices: Mapping[str, Price]
    _built: dict[str, Provider] = field(default_factory=dict)

    def provider(self, name: str) -> Provider:
        """Return a provider. Errors: ConfigError for a missing or wrong key or address, except in a dry run."""
        built = self._built.get(name)
        if built is None:
            config, process = self.request.config, self.request.process
            offline = PROVIDERS[name].offline
            settings = None if offline else http_settings(config, process)
            module = importlib.import_module(self._module(name))
            try:
                built = module.build(name, settings)
            except ConfigError as error:
                if offline or not config.operation.dry_run:
                    raise
                process.warn(f"{error} (this dry run continues without it; a run would not)")
                built = Unasked(name)
            self._built[name] = built
            if not offline:
                descriptors = importlib.import_module("arena.providers.http.descriptors")
                descriptors.ensure_descriptors(config.operation.workers)
            for warning in built.warnings:
                process.warn(warning)
        return built

    def _module(self, name: str) -> str:
        own = self.request.spec.providers
        found = own.get(name) or PROVIDERS[name].module
        if not found:
            known = ", ".join(one for one, row in PROVIDERS.items() if row.module or one in own)
            raise ConfigError(f"the family {self.request.spec.name} has no provider {name}: name one of {known}")
        return found

    def model(self, ref: ModelRef, sampling: Sampling, judging: bool = False) -> Model:
        """Return a model ready for calls. Errors: as of `provider` and `price`; ConfigError, DataError for a mock,
        a script or a recording that does not exist."""
        provider = self.provider(ref.provider)
        provider.check_model(ref.model, judging)
        provider.check_sampling(sampling)
        return Model(provider, ref.model, str(ref.shown), sampling, self.price(ref), provider.recording(ref.model))

    def judge(self, ref: ModelRef, sampling: Sampling) -> Model:
        """Return a judge, asked in batches if the request says so. Errors: as of `model`; ConfigError for a judge that
        does not support batches."""
        given = self.request.answers
        if given is None and self.request.config.get("judge_batch") is None:
            return self.model(ref, sampling, judging=True)
        if not PROVIDERS[ref.provider].batch:
            able = ", ".join(name for name, row in PROVIDERS.items() if row.batch)
            raise ConfigError(f"--judge-batch: {ref} takes no batch file in OpenAI's form; providers that do: {able}")
        api = importlib.import_module(PROVIDERS[ref.provider].module).batch_api(ref.provider)
        redactor = Redactor.from_environ(self.request.process.environ)
        provider: Provider = importlib.import_module("arena.providers.batched").build(
            ref.provider, api, redactor, given
        )
        provider.check_sampling(sampling)
        return Model(provider, ref.model, str(ref.shown), sampling, self.price(ref).times(BATCH_PRICE))

    def price(self, ref: ModelRef) -> Price:
        """Return the price of a model. Errors: ConfigError if a cost limit is set and the price is missing."""
        if PROVIDERS[ref.provider].offline:
            return FREE
        found = self.prices.get(str(ref))
        operation = self.request.config.operation
        if found is None and operation.max_cost_usd is not None:
            raise ConfigError(f"--max-cost-usd: there is no price for {ref}; add it to {operation.prices}")
        return found or FREE

    def close(self) -> None:
        for provider in self._built.values():
            provider.close()


def http_settings(config: Config, process: ProcessContext, **changes: Any) -> Any:
    """Return TransportSettings from the config; `changes` set further fields."""
    transport = importlib.import_module("arena.providers.http.transport")
    operation = config.operation
    return transport.TransportSettings(
        **{
            "environ": process.environ,
            "timeout_s": operation.timeout,
            "connect_timeout_s": min(10.0, operation.timeout),
            "deadline_s": operation.deadline,
            "max_retries": operation.max_retries,
            "backoff_base_s": operation.backoff,
            "max_connections": operation.workers + 8,
            "rpm": operation.rpm,
            "tpm": operation.tpm,
            "verify_tls": operation.ssl_verify,
            "print_http_errors": operation.print_http_errors,
            "allow_plain_http": operation.allow_plain_http,
            "notify": process.warn,
            "stop": process.stop,
            **changes,
        }
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays and who judges.

    `default`: fills every seat without a model of its own; None for a family without players.  `by_seat`: models
    for seats of that name.  `roster`: label -> model, for trials that name their own cast.  `panel`: the judge of each
    question about a trial.  `unpriced`: models whose cost is not known.  `files`: digests of the files behind models,
    by label.
    """

    default: Model | None = None
    by_seat: Mapping[str, Model] = field(default_factory=dict)
    roster: Mapping[str, Model] = field(default_factory=dict)
    panel: tuple[Model, ...] = ()
    unpriced: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def player(self, trial: Trial, seat: str) -> Model:
        """Return the model that fills a seat of a trial. Errors: ServiceFault (bug) if there is none."""
        label = trial.cast.get(seat)
        model = self.by_seat.get(seat, self.default)
        if label is not None and (model is None or model.label != label):
            model = self.roster.get(label)
        if model is None:
            raise ServiceFault("bug", f"no model fills the seat {seat}" + (f" ({label})" if label else ""))
        return model

    def players(self) -> list[Model]:
        """Return the models that play, the default first, each once."""
        found = [*([self.default] if self.default else []), *self.by_seat.values(), *self.roster.values()]
        return list({model.label: model for model in found}.values())

    def models(self) -> list[Model]:
        return [*self.players(), *self.panel]


@dataclass(frozen=True, slots=True)
class Roster:
    """The models that fill the seats of a run, before they are built: see Cast."""

    default: ModelRef | None = None
    by_seat: Mapping[str, ModelRef] = field(default_factory=dict)
    others: tuple[ModelRef, ...] = ()


def roster(request: RunRequest) -> Roster:
    """Return who plays: the `roster(config)` of the family's module if it has one, else the players of the settings."""
    module = importlib.import_module(request.spec.module)
    own = getattr(module, "roster", None)
    if own is not None:
        found: Roster = own(request.config)
        return found
    players = request.config.players
    return Roster() if players is None else Roster(players.refs.default, players.refs.by_role)


@contextmanager
def build_cast(request: RunRequest) -> Iterator[Cast]:
    """Build every provider that the run needs, before any call; closes them at the end.

    Errors: ConfigError for an unknown provider, a missing key, or a missing price that a cost limit needs.
    """
    config = request.config
    prices = load_prices(Path(config.operation.prices))
    providers = Providers(request, prices)
    try:
        yield _cast(request, providers, prices)
    finally:
        providers.close()


def _cast(request: RunRequest, providers: Providers, prices: Mapping[str, Price]) -> Cast:
    players, judge, wanted = request.config.players, request.config.judge, roster(request)
    sampling = players.sampling if players is not None else Sampling()
    source = request.source

    def player(ref: ModelRef) -> Model:
        return providers.model(ref, sampling) if source is None else already_played(ref, source)

    default = None if wanted.default is None else player(wanted.default)
    by_seat = {seat: player(ref) for seat, ref in wanted.by_seat.items()}
    others = [player(ref) for ref in wanted.others]
    judges = request.judges()
    panel: tuple[Model, ...] = ()
    if judges is not None:
        judging = judge.sampling if judge is not None else Sampling()
        panel = tuple(providers.judge(ref, judging) for ref in judges.judges) * judges.repetitions
    models = [*([default] if default else []), *by_seat.values(), *others, *panel]
    labels = {model.label for model in models if not model.provider.offline}
    files = {model.label: digest for model in models if (digest := model.provider.digest(model.name)) is not None}
    by_label = {model.label: model for model in models if model not in panel}
    return Cast(default, by_seat, by_label, panel, tuple(sorted(labels - prices.keys())), files)


def already_played(ref: ModelRef, source: Source) -> Model:
    """Return a replacement for the model of trials that are already played. It keeps the label; a call raises
    ServiceFault."""
    nobody = Nobody(source.path)
    return Model(nobody, ref.model, str(ref.shown), Sampling(), FREE, nobody)


@contextmanager
def build_calculator(request: RunRequest) -> Iterator[Calculator | None]:
    """Yield the calculator of a run, built first if necessary; None if the family does not use one, and for
    `none`.

    Errors: ConfigError, UsageError before any call, also when it does not answer its first question; NoCalculator
    if it can be neither found nor built.
    """
    config, process, tools = request.config, request.process, request.config.tools
    if tools is None or request.spec.tools is Need.NONE or tools.provider == "none":
        yield None
        return
    command = None
    if tools.provider in LOCAL_CALCULATORS:
        command = (str(ensure_built(config.root, process.notify, process.environ, process.live)),)
    # The carrier reads these settings from variables; a flag or a settings file may have set them instead.
    operation = config.operation
    switches = {"ARENA_SSL_VERIFY": operation.ssl_verify, "ARENA_PRINT_HTTP_ERRORS": operation.print_http_errors}
    settings = CalculatorSettings(
        root=config.root,
        environ={**process.environ, **{name: str(int(on)) for name, on in switches.items()}},
        timeout_s=tools.timeout,
        command=command,
        lambda_url=tools.lambda_url,
        notify=process.notify,
        stop=process.stop,
    )
    calculator: Calculator = load(CALCULATORS, tools.provider, "calculator").build(tools.provider, settings)
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


def tools_text(request: RunRequest, cast: Cast, calculator: Calculator | None) -> str | None:
    """Return the description of the calculator for players, None without one; a replay uses that of its run.

    Errors: ConfigError for a family of operations that the calculator does not have.
    """
    for model in cast.players():
        if model.recording is not None:
            return model.recording.tools_text()
    tools = request.config.tools
    if calculator is None or tools is None:
        return None
    catalogue = calculator.catalogue()
    offered = getattr(importlib.import_module(request.spec.module), "offered", None)
    if offered is not None:
        catalogue = offered(request.config, catalogue)
    known = list(dict.fromkeys(row["family"] for row in catalogue))
    unknown = [name for name in tools.op_families if name not in known]
    if unknown:
        raise ConfigError(
            f"--op-families: there is no family {', '.join(unknown)}{suggest(unknown[0], known)}; there are:"
            f" {', '.join(known)}"
        )
    most = int(request.config.get("max_tool_calls_per_turn", 0))
    if tools.native:
        _check_native(request, cast)
        return describe_native(catalogue, most, tools.op_families or None, tools.text)
    return describe(catalogue, most, tools.op_families or None, tools.text)


def _check_native(request: RunRequest, cast: Cast) -> None:
    """Raise ConfigError if the calculator cannot be called in the provider's own form."""
    offline = sorted(model.label for model in cast.players() if model.provider.offline)
    if offline:
        raise ConfigError(f"--tool-calls native: {', '.join(offline)} writes calls as text only; leave it at text")
    if request.config.judge is not None and request.config.judge.tools:
        raise ConfigError("--tool-calls native and --judge-tools: the judge calls the calculator as text; give one")


def build_family(request: RunRequest, tools: str | None) -> Family:
    """Return the family of a run. Errors: ConfigError, DataError, UsageError from its inputs."""
    if request.source is not None:
        family: Family = importlib.import_module(REJUDGED).build(request, tools)
    else:
        family = importlib.import_module(request.spec.module).build(request.config, tools)
    return family


def labels_of(models: Iterable[Model]) -> list[str]:
    """Return the labels of models, sorted, each once."""
    return sorted({model.label for model in models})


def build_gate(config: Config) -> Gate:
    """Return the policy of --gates; without one, the gate that allows every call.

    Errors: DataError listing all mistakes in the file; ConfigError for a wrong variable of the gates.
    """
    path = config.get("gates")
    if path is None:
        return AllowAll()
    policy = importlib.import_module("arena.policy.gates_file").load_policy(Path(path), config.environ)
    gate: Gate = importlib.import_module("arena.policy.policy_gate").PolicyGate(policy)
    return gate
