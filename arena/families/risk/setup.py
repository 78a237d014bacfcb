"""Config -> the risk family: loads slices and evaluator, routes the slices, names the models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from arena.errors import ConfigError, UsageError
from arena.families.risk.attacks.table import ATTACKS
from arena.families.risk.compose import DEFENCES, GATES, NO_DEFENCE
from arena.families.risk.family import EVALUATOR_INPUT, GATES_INPUT, SLICES_INPUT, RiskFamily
from arena.families.risk.plan import RiskSetup
from arena.families.risk.routing import REAL, Route, route
from arena.families.risk.slices import EXPERIMENT, Slice, read_slice
from arena.families.risk.training import training as training
from arena.formats import simpleyaml
from arena.formats.suggest import suggest
from arena.policy.evaluator_file import evaluator_text, load_evaluator, read_evaluator
from arena.policy.gates_file import policy_text
from arena.records import Json
from arena.settings.config import Config, ModelRef
from arena.settings.model_refs import split_model
from arena.settings.table import PROVIDERS

_SHIM = ModelRef("mock", "careful")
"""The SHIM agent for slices that real models may not play, if none is named."""


def _check_attacks(chosen: Sequence[str], slices: Sequence[Slice]) -> None:
    """Refuse attacks that none of the slices has: only twins would be played, and nothing measured about attacks."""
    has = {name: None for one in slices for name in one.attacks}
    if chosen and has and not has.keys() & set(chosen):
        raise ConfigError(
            f"--attacks: none of the slices ({', '.join(one.id for one in slices)}) has {' or '.join(chosen)}; they"
            f" have: {', '.join(has)}"
        )


def build(config: Config, tools: str | None) -> RiskFamily:
    """Return the family for a run; `tools` is the calculator's text, for which it has no use.

    Errors: DataError, UsageError, ConfigError for mistakes in slices, rules, choices or models.
    """
    raw = tuple(_load(config, name) for name in config["slices"])
    slices = tuple(read_slice(value, file) for value, file in raw)
    if len({one.id for one in slices}) < len(slices):
        raise ConfigError("--slices: two files have the same id, which would make keys of trials ambiguous")
    _check_names(config["attacks"], ATTACKS, "--attacks")
    _check_attacks(config["attacks"], slices)
    _check_names(config["defences"], DEFENCES, "--defences")
    gates = config.get("gates")
    defences = tuple(config["defences"]) or ((GATES,) if gates is not None else (NO_DEFENCE,))
    if GATES in defences and gates is None:
        raise ConfigError("--defences gates: name the policy with --gates FILE")
    models = players(config)
    path = Path(config["evaluator"])
    evaluator = load_evaluator(path)
    routes = {one.id: route(config["mode"], one.policy, config.environ) for one in slices}
    setup = RiskSetup(
        slices=slices,
        raw_slices=tuple(value for value, _ in raw),
        attacks=tuple(config["attacks"]),
        defences=defences,
        trials=config["trials"],
        seeds=_seeds(config),
        attack_seeds=config["attack_seeds"],
        max_tool_calls=config["max_tool_calls_per_turn"],
        models=tuple(str(ref.shown) for ref in models),
        shim=str(_shim(models)),
        routes=routes,
        evaluator=evaluator,
        evaluator_text=evaluator_text(path),
        gates_text=policy_text(Path(gates)) if gates is not None and GATES in defences else None,
        exp=experiment_name(config["exp"]),
    )
    return RiskFamily(setup, [_routed(name, one) for name, one in routes.items() if not one.allowed])


def experiment_name(name: str | None) -> str | None:
    """Return the name of an experiment, which is that of a folder. Errors: ConfigError for one that is no such name."""
    if name is not None and not (EXPERIMENT.fullmatch(name) and name != "inputs"):
        raise ConfigError(f"--exp: must be letters, digits, _ . - after a letter or digit, not {name!r}")
    return name


def _load(config: Config, name: str) -> tuple[Json, str]:
    folder = Path(config["slices_folder"])
    path = folder / f"{name}.yaml"
    if not folder.is_dir():
        raise ConfigError(f"--slices-folder {folder}: there is no such folder")
    if not path.is_file():
        known = sorted(one.stem for one in folder.glob("*.yaml") if "cases" in (simpleyaml.load(one) or {}))
        raise ConfigError(f"--slices: there is no slice {name!r} in {folder}{suggest(name, known)}; there are: "
                          f"{', '.join(known)}")  # fmt: skip
    return simpleyaml.load(path), str(path)


def _routed(name: str, one: Route) -> str:
    return f"slice {name}: {one.requested_mode} was asked for, {one.effective_mode} is played: {one.reason}"


def _check_names(names: Iterable[str], known: Mapping[str, object], flag: str) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{flag}: there is no {name!r}{suggest(name, known)}; there are: {', '.join(known)}")


def _seeds(config: Config) -> tuple[int, ...]:
    seeds = config["seeds"]
    if not seeds:
        return (config.operation.seed,)
    try:
        return tuple(int(one) for one in seeds)
    except ValueError:
        raise ConfigError(f"--seeds: must be whole numbers separated by commas, not {', '.join(seeds)}") from None


def players(config: Config) -> list[ModelRef]:
    """Return the models that play, in their order. Errors: UsageError if mode and models contradict each other."""
    settings = config.players
    if settings is None:
        raise UsageError("the risk family needs players: its command lacks a block of settings")
    if config["models"]:
        found = [ModelRef(*split_model(None, text, "--models")) for text in config["models"]]
    else:
        found = [settings.refs.default]
    for ref in found:
        shim = PROVIDERS[ref.provider].offline and ref.model != "echo"
        if config["mode"] == REAL and ref.provider == "mock" and shim:
            raise UsageError(
                f"--mode REAL: {ref} is a SHIM agent; name a model with --participant-model (mock/echo tries the lane"
                " without a key)"
            )
        if config["mode"] != REAL and not shim:
            raise UsageError(f"--mode SHIM plays SHIM agents, and {ref} is not one: give --mode REAL")
    return found


def _shim(models: Iterable[ModelRef]) -> ModelRef:
    return next((ref for ref in models if ref.provider == "mock" and ref.model != "echo"), _SHIM)


class RiskRoster(NamedTuple):
    """Who plays, in the shape that engine/build.py reads: the default, models by seat, further ones."""

    default: ModelRef | None
    by_seat: Mapping[str, ModelRef]
    others: tuple[ModelRef, ...]


def roster(config: Config) -> RiskRoster:
    """Return who plays; a SHIM agent takes over slices that real models may not play."""
    models = players(config)
    standby = (_SHIM,) if config["mode"] == REAL and _SHIM not in models else ()
    return RiskRoster(models[0], {}, (*models[1:], *standby))


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> RiskFamily:
    """Return the family of a finished run read from the run directory alone.

    Errors: DataError, OSError for inputs that cannot be read, KeyError or TypeError for an identity of another shape.
    """
    inputs, settings, rules = run_dir / "inputs", identity["settings"], identity["rules"]
    raw = json.loads((inputs / SLICES_INPUT).read_bytes())
    slices: list[Slice] = [read_slice(value, str(inputs / SLICES_INPUT)) for value in raw]
    text = (inputs / EVALUATOR_INPUT).read_text(encoding="utf-8")
    routes = {
        name: Route(one["requested_mode"], one["tag"], one["effective_mode"], one["reason"])
        for name, one in rules["routing"].items()
    }
    seeds = tuple(int(one) for one in settings["seeds"]) or (settings["seed"],)
    setup = RiskSetup(
        slices=tuple(slices),
        raw_slices=tuple(raw),
        attacks=tuple(settings["attacks"]),
        defences=tuple(rules["defences"]),
        trials=settings["trials"],
        seeds=seeds,
        attack_seeds=settings["attack_seeds"],
        max_tool_calls=settings["max_tool_calls_per_turn"],
        models=tuple(rules["models"]),
        shim=rules["shim"],
        routes=routes,
        evaluator=read_evaluator(text, EVALUATOR_INPUT),
        evaluator_text=text,
        gates_text=(inputs / GATES_INPUT).read_text(encoding="utf-8") if (inputs / GATES_INPUT).is_file() else None,
        exp=settings["exp"],
    )
    return RiskFamily(setup)
