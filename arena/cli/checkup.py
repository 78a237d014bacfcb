"""The checks of `arena doctor`: each yields lines of (level, what, found, remedy) and changes nothing.

Only `probe` costs money. A key is named by its variable and never shown.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from arena.calculator import process
from arena.calculator.carrier import DEFAULT_TIMEOUT_S, GET_CARGO, CalculatorSettings, binary_path, find_cargo
from arena.engine.build import ProcessContext, Providers, RunRequest, build_calculator, http_settings
from arena.errors import ArenaError, ConfigError
from arena.formats.suggest import suggest
from arena.messages import CallKey, Conversation, ModelRequest, Sampling
from arena.providers import anthropic, chat, openai
from arena.providers.http.descriptors import ensure_descriptors
from arena.providers.http.transport import HttpResponse
from arena.providers.settings import API_PATHS, Access, Endpoint, access, open_transport
from arena.settings.config import Config, ModelRef
from arena.settings.table import PROVIDERS

OK, WARN, FAIL = "OK", "WARN", "FAIL"

ENDPOINTS: Mapping[str, Endpoint] = {**chat.ENDPOINTS, **openai.ENDPOINTS, **anthropic.ENDPOINTS}

PROBE_TOKENS = 16
"""Most tokens of a probe's answer: the least that the Responses API accepts."""

LEAST_FREE_GB = 1.0
"""With less free space there is a warning: a run of 1,000 matches takes some hundred MB."""

MOST_SKEW_S = 60.0
"""From this difference in seconds between our clock and a server's Date header there is a warning; AWS refuses
signatures at 300."""


class Line(NamedTuple):
    """One result. `remedy` says what to do; empty if there is nothing to do."""

    level: str
    what: str
    found: str
    remedy: str = ""


def checkup(request: RunRequest, runs_dir: Path, probe: bool, now: Callable[[], float] = time.time) -> Iterator[Line]:
    """Yield every line of the check. FAIL means that the models of the request cannot be played."""
    config = request.config
    yield _python()
    yield from _calculator(request)
    yield from _place(runs_dir)
    yield _descriptors(config.operation.workers)
    yield _keys(config.environ)
    refs, problem = _models(config)
    if problem:
        yield Line(FAIL, "models", problem, "docs/configuration.md, section Models")
    for name in dict.fromkeys(ref.provider for ref in refs):
        asked = [ref.model for ref in refs if ref.provider == name]
        yield from _provider(name, asked, request, now)
    if probe:
        for ref in refs:
            yield _probe(ref, request)


def _python() -> Line:
    return Line(OK, "Python", f"{platform.python_version()} ({sys.executable})")


def _calculator(request: RunRequest) -> Iterator[Line]:
    tools, process, what = request.config.tools, request.process, "calculator"
    name = "none" if tools is None else tools.provider
    if name == "none":
        yield Line(WARN, what, "none: players compute nothing", "drop --calculator-provider none")
        return
    if name == "lambda":
        try:
            with build_calculator(request) as calculator:
                yield Line(OK, what, f"lambda answers, {len(calculator.catalogue()) if calculator else 0} ops")
        except ArenaError as error:
            yield Line(FAIL, what, str(error), "docs/lambda.md")
        return
    cargo, binary = find_cargo(process.environ), binary_path(process.root, process.environ)
    yield Line(OK, "cargo", cargo) if cargo else Line(WARN, "cargo", "not found", GET_CARGO)
    if not binary.is_file():
        if "ARENA_CALCULATOR_BIN" in process.environ or not cargo:
            yield Line(FAIL, what, f"{binary} does not exist", f"set ARENA_CALCULATOR_BIN to a binary, or {GET_CARGO}")
        else:
            yield Line(WARN, what, "not built yet", "the first `arena run` builds it, in some minutes")
        return
    yield _answering(binary, process, DEFAULT_TIMEOUT_S if tools is None else tools.timeout)


def _answering(binary: Path, context: ProcessContext, timeout: float) -> Line:
    settings = CalculatorSettings(
        root=context.root, environ=context.environ, timeout_s=timeout, command=(str(binary),),
        max_processes=1, stop=context.stop,
    )  # fmt: skip
    calculator = process.build("process", settings)
    try:
        return Line(OK, "calculator", f"{binary} answers, {len(calculator.catalogue())} ops")
    except (ArenaError, OSError) as error:
        return Line(FAIL, "calculator", str(error), "build it again: cargo build --release in calculator/")
    finally:
        calculator.close()


def _place(runs_dir: Path) -> Iterator[Line]:
    """Yield whether runs can be written, and how much disk space is left."""
    there = next(folder for folder in (runs_dir, *runs_dir.parents) if folder.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Line(FAIL, "disk", f"{there} cannot be written", "name another place with --out")
        return
    free = shutil.disk_usage(there).free / 1e9
    remedy = "" if free >= LEAST_FREE_GB else "free some space, or name a folder on another disk with --out"
    yield Line(WARN if remedy else OK, "disk", f"{free:,.1f} GB free at {there}", remedy)


def _descriptors(workers: int) -> Line:
    try:
        return Line(OK, "open files", f"{ensure_descriptors(workers)} allowed, enough for {workers} workers")
    except ArenaError as error:
        return Line(FAIL, "open files", str(error), "use fewer --workers, or raise the limit (ulimit -n)")


def _keys(environ: Mapping[str, str]) -> Line:
    """Return which keys are set, by the names of their variables."""
    variables = sorted({endpoint.key_variable for endpoint in ENDPOINTS.values()})
    known = [name for name in variables if environ.get(name, "").strip()]
    return Line(OK, "keys", f"set: {', '.join(known) or 'none'} (of {len(variables)})")


def _models(config: Config) -> tuple[list[ModelRef], str]:
    """Return every model of players and judge once, and the mistakes in their names."""
    refs: list[ModelRef] = []
    problems: list[str] = []

    def add(found: Callable[[], Iterable[ModelRef]]) -> None:
        try:
            refs.extend(found())
        except ArenaError as error:
            problems.append(str(error))

    add(lambda: () if config.players is None else (config.players.refs.default, *config.players.refs.by_role.values()))
    add(lambda: () if config.judge is None else (config.judge.ref,))
    return list(dict.fromkeys(refs)), "; ".join(dict.fromkeys(problems))


def _provider(name: str, models: list[str], request: RunRequest, now: Callable[[], float]) -> Iterator[Line]:
    if PROVIDERS[name].offline:
        yield from (_offline(ModelRef(name, model), request) for model in models)
        return
    endpoint = ENDPOINTS[name]
    try:
        place = access(endpoint, request.config.environ)
    except ConfigError as error:
        yield Line(FAIL, name, str(error), f"set {endpoint.key_variable}; models: {endpoint.models_from}")
        return
    try:
        answer = _get_models(place, request)
    except ArenaError as error:
        remedy = f"check the network, proxies and {' or '.join(endpoint.base_variables)}"
        yield Line(FAIL, name, f"no answer: {error}", remedy)
        return
    yield from _listed(name, models, endpoint, answer)
    yield from _skew(name, answer.headers.get("date"), now())


def _offline(ref: ModelRef, request: RunRequest) -> Line:
    """Return whether a model that needs no network exists: a mock, a script, a recording."""
    try:
        providers = Providers(request, {})
        try:
            providers.model(ref, Sampling(), judging=ref == _judge_or_none(request.config))
        finally:
            providers.close()
    except ArenaError as error:
        return Line(FAIL, ref.provider, str(error), "docs/mock-models.md")
    return Line(OK, ref.provider, f"{ref.shown} exists and needs no network")


def _judge_or_none(config: Config) -> ModelRef | None:
    try:
        return None if config.judge is None else config.judge.ref
    except ArenaError:
        return None


def _get_models(place: Access, request: RunRequest) -> HttpResponse:
    """Ask an endpoint for its list of models; free at every known provider."""
    parts = urlsplit(place.url)
    stem = next(parts.path.removesuffix(end) for end in API_PATHS if parts.path.endswith(end))
    query, headers = parts.query, {"Authorization": f"Bearer {place.key}"} if place.key else {}
    if place.endpoint.name == "anthropic":  # lists 20 models at a time by default
        query = "limit=1000"
        headers = {"x-api-key": place.key, "anthropic-version": anthropic.DEFAULT_VERSION}
    url = urlunsplit((parts.scheme, parts.netloc, f"{stem}/models", query, ""))
    transport = open_transport(
        http_settings(request.config, request.process, max_retries=0, notify=lambda line: None), place
    )
    try:
        return transport.request("GET", url, headers)
    finally:
        transport.close()


def _listed(name: str, models: list[str], endpoint: Endpoint, answer: HttpResponse) -> Iterator[Line]:
    if answer.status in (401, 403):
        yield Line(FAIL, name, f"refuses the key (HTTP {answer.status})", f"set another {endpoint.key_variable}")
        return
    known = _ids(answer.body) if answer.status == 200 else None
    if known is None:
        found = f"reachable, but gives no list of models (HTTP {answer.status})"
        yield Line(WARN, name, found, "arena doctor --probe asks the models themselves")
        return
    yield Line(OK, name, f"reachable, {len(known)} models listed, key from {endpoint.key_variable}")
    for model in models:
        if model in known:
            yield Line(OK, name, f"{model} is listed")
        else:
            # A server may also serve models that it does not list: aliases, models deployed by the user.
            found = f"{model} is not listed{suggest(model, known)}"
            yield Line(WARN, name, found, f"see {endpoint.models_from}, or arena doctor --probe")


def _ids(body: bytes) -> list[str] | None:
    """Return the ids of a list of models in either of the usual shapes; None for any other value."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    rows = value.get("data") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        return None
    return [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]


def _skew(name: str, date: str | None, now: float) -> Iterator[Line]:
    """Compare our clock with a server's Date header; nothing if the server sends none."""
    try:
        skew = now - parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError):
        skew = None
    if skew is not None:
        far = abs(skew) > MOST_SKEW_S
        remedy = "set the clock (NTP): signatures and certificates depend on it" if far else ""
        yield Line(WARN if far else OK, "clock", f"{abs(skew):.0f} s from that of {name}", remedy)


def _probe(ref: ModelRef, asked: RunRequest) -> Line:
    """Ask a model for a few tokens, as a run would."""
    what = f"probe {ref.shown}"
    if PROVIDERS[ref.provider].offline:
        return Line(OK, what, "offline: not asked")
    conversation = Conversation("Answer with one word.")
    conversation.add("user", "Say ok.")
    key = CallKey("doctor", 0, "doctor", 0, 0)
    request = ModelRequest("model", ref.model, conversation, Sampling(max_tokens=PROBE_TOKENS), key, "00" * 32)
    try:
        providers = Providers(asked, {})
        try:
            reply = providers.provider(ref.provider).complete(request)
        finally:
            providers.close()
    except ArenaError as error:
        return Line(FAIL, what, str(error), f"see {ENDPOINTS[ref.provider].models_from}")
    spent = reply.usage.prompt_tokens + reply.usage.completion_tokens
    return Line(OK, what, f"answers ({spent} tokens spent)")
