"""manifest.json: what was played (identity) and how it was executed (operation).

Identity is digested and compared on resume; operation may change. It contains no secret and no absolute path.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from arena import __version__
from arena.engine.build import Cast, RunRequest
from arena.engine.runner import Progress
from arena.families.contract import Family
from arena.formats.decode import encode
from arena.messages import Calculator
from arena.play.tool_protocol import PROTOCOL_VERSION
from arena.records import RECORD_FORMAT, Json
from arena.store.journal import encode_line
from arena.store.manifest import (
    MANIFEST_FORMAT,
    GitState,
    Identity,
    Manifest,
    Models,
    PlanDigest,
    SessionLog,
)

BINARY_DIGEST = "binary_sha256"
"""Member of a local calculator's identity with the digest of its binary."""


def git_state(root: Path) -> GitState:
    """Return the commit and state of the clone according to git. A repository that merely contains `root`, as for an
    installed package, does not count."""
    try:
        commit, top = _git(root, "rev-parse", "HEAD", "--show-toplevel").splitlines()
        if Path(top).resolve() != root.resolve():
            return GitState(None, None)
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError, ValueError):
        return GitState(None, None)
    return GitState(commit, dirty)


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip()


def plan(keys: Iterable[str]) -> PlanDigest:
    """Return the number of trials and the digest of their keys."""
    digest = hashlib.sha256(b"arena-plan/1\0")
    count = 0
    for key in keys:
        digest.update(encode_line(key))
        count += 1
    return PlanDigest(count, digest.hexdigest())


def utc() -> str:
    """Return the current time in UTC, ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def run_identity(
    request: RunRequest,
    family: Family,
    cast: Cast,
    calculator: Calculator | None,
    tools: str | None,
    policy: Mapping[str, Json],
) -> Identity:
    """Return the identity of the run: settings, models, digests of all inputs, policy, plan; `sha256` covers the rest.

    A file is represented by its digest, so a run directory can be moved.
    """
    identity = Identity(
        family=family.spec.name,
        settings=request.config.identity_settings(),
        models=models_identity(request, cast),
        calculator=calculator_identity(calculator),
        tool_protocol=PROTOCOL_VERSION,
        tools_sha256=None if tools is None else hashlib.sha256(tools.encode()).hexdigest(),
        policy=dict(policy),
        rules=dict(family.identity()),
        plan=plan(trial.key for trial in family.trials()),
        source=None if request.source is None else request.source.identity,
    )
    return replace(identity, sha256=identity.digest())


def models_identity(request: RunRequest, cast: Cast) -> Models:
    """Return who plays and judges."""
    judges = request.judges()
    labels = [] if judges is None else judges.labels
    return Models(
        participant=None if cast.default is None else cast.default.label,
        roles={seat: model.label for seat, model in cast.by_seat.items()},
        roster=tuple(sorted(model.label for model in cast.players())),
        judge=None if judges is None else str(judges),
        panel=tuple(labels) if len(labels) > 1 else (),
        files=dict(sorted(cast.files.items())),
        api_versions={model.label: version for model in cast.models() if (version := model.provider.api_version)},
    )


def calculator_identity(calculator: Calculator | None) -> dict[str, Json]:
    """Return what answers tool calls: provider, version and catalogue, or provider `none`.

    The digest of the binary is left out: another machine's build of the same crate gives the same answers.
    """
    if calculator is None:
        return {"provider": "none"}
    return {name: value for name, value in calculator.identity().items() if name != BINARY_DIGEST}


def new_session(request: RunRequest, calculator: Calculator | None, generation: int) -> SessionLog:
    """Return the log of a session at its start; `generation` is that of `retry_generation`."""
    digest = None if calculator is None else calculator.identity().get(BINARY_DIGEST)
    return SessionLog(
        started_utc=utc(),
        operation=request.config.operation_settings(),
        retry=tuple(request.config.operation.retry),
        retry_generation=generation,
        calculator_binary_sha256=digest,
    )


def retry_generation(manifest: Manifest, retry: bool) -> int:
    """Return the generation of retries to which a resumed session belongs; its fresh plays are attempts of that number.

    A session with `--retry` begins the next one, unless the last such session did not finish: then it
    continues that one, so that a killed retry does not play and pay twice.
    """
    last = max(session.retry_generation for session in manifest.sessions)
    if not retry:
        return last
    of_last = [session for session in manifest.sessions if session.retry_generation == last]
    finished = any(session.ended and session.stopped_by is None for session in of_last)
    return last + (1 if finished else 0) if last else 1


def end_session(manifest: Manifest, progress: Progress, playing_seconds: float, seconds: float) -> None:
    """Record in the manifest how its last session ended."""
    session = manifest.sessions[-1]
    session.ended_utc = utc()
    session.seconds = round(seconds, 3)
    session.playing_seconds = round(playing_seconds, 3)
    session.played = progress.finished
    session.stopped_by = progress.stopped_by


def new_manifest(identity: Identity, request: RunRequest, first: SessionLog) -> Manifest:
    """Return the manifest of a run that starts now."""
    return Manifest(
        manifest_format=MANIFEST_FORMAT,
        record_format=RECORD_FORMAT,
        arena_version=__version__,
        family=identity.family,
        created_utc=utc(),
        identity=identity,
        operation=request.config.operation_settings(),
        git=git_state(request.config.root),
        python=platform.python_version(),
        sessions=[first],
    )


def summary_head(
    manifest: Manifest, family: Family, cost: Mapping[str, Json], not_sent: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the first members of summary.json: the run's identity, its cost (`usd`, `unpriced`, `unknown_attempts`,
    `prices`), the settings that were not sent to a model, and for a run that scored another one again its `source`."""
    identity, words = manifest.identity, family.spec.words
    return {
        "arena_version": manifest.arena_version,
        "family": family.spec.name,
        "unit_noun": words.unit,
        "trial_nouns": [words.trial, words.trials],
        "conditions": list(family.conditions),
        "identity_sha256": identity.sha256,
        "models": encode(identity.models),
        "calculator": dict(identity.calculator),
        "policy": dict(identity.policy),
        "rules": dict(identity.rules),
        "cost_usd": dict(cost),
        "not_sent": dict(not_sent),
        **({} if identity.source is None else {"source": encode(identity.source)}),
    }
