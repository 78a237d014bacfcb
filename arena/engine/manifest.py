"""manifest.json: what a run is (identity) and how it was carried out (operation).

Identity is digested and compared on resume; operation may change. No secret and no absolute path is in it.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from arena import __version__
from arena.engine.runner import Progress
from arena.families.contract import Family
from arena.messages import Calculator
from arena.play.tool_protocol import PROTOCOL_VERSION
from arena.records import RECORD_FORMAT, Json
from arena.settings.config import Config, panel, players
from arena.store.finished_run import Source
from arena.store.journal import encode_line

MANIFEST_FORMAT = 1
BINARY_DIGEST = "binary_sha256"
"""Name under which a local calculator's identity holds the digest of its binary."""


def git_state(root: Path) -> dict[str, Json]:
    """Return commit and whether the work tree was changed; None for both where git does not know."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": dirty}


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


def plan(keys: Iterable[str]) -> dict[str, Json]:
    """Return the number of trials and the SHA-256 over their keys, in order."""
    digest = hashlib.sha256(b"arena-plan/1\0")
    count = 0
    for key in keys:
        digest.update(encode_line(key))
        count += 1
    return {"count": count, "sha256": digest.hexdigest()}


def utc() -> str:
    """Return the time now in UTC, ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def run_identity(
    config: Config,
    family: Family,
    planned: Mapping[str, Json],
    calculator: Calculator | None,
    tools: str | None,
    files: Mapping[str, str],
) -> dict[str, Json]:
    """Return what makes this run this run: settings, models, digests of all inputs, plan; `sha256` covers the rest.

    What counts of a file is its digest, so that a run directory can be moved; `files` are the digests of those behind
    models (a script, a recorded run), by model.
    """
    refs, judges = players(config), panel(config)
    source: Source | None = config.get("source_run")
    identity: dict[str, Json] = {
        "family": family.name,
        "settings": config.identity(),
        "models": {
            "participant": str(refs.default.shown),
            "roles": {role: str(ref.shown) for role, ref in refs.by_role.items()},
            "judge": str(judges),
            **({"panel": judges.labels} if len(judges.labels) > 1 else {}),
            "files": dict(sorted(files.items())),
        },
        "calculator": calculator_identity(calculator),
        "tool_protocol": PROTOCOL_VERSION,
        "tools_sha256": None if tools is None else hashlib.sha256(tools.encode()).hexdigest(),
        "rules": family.describe(),
        "plan": dict(planned),
        **({} if source is None else {"source": dict(source.identity)}),
    }
    identity["sha256"] = hashlib.sha256(encode_line(identity)).hexdigest()
    return identity


def calculator_identity(calculator: Calculator | None) -> dict[str, Json]:
    """Return how tool calls are answered: provider, version and catalogue, or provider `none`.

    The digest of the binary is left out: another machine's build of the same crate gives the same answers.
    """
    if calculator is None:
        return {"provider": "none"}
    return {name: value for name, value in calculator.identity().items() if name != BINARY_DIGEST}


def new_session(config: Config, calculator: Calculator | None, generation: int) -> dict[str, Json]:
    """Return what the manifest says of a session at its start; `generation` is that of `retry_generation`."""
    digest = None if calculator is None else calculator.identity().get(BINARY_DIGEST)
    return {
        "started_utc": utc(),
        "operation": config.operation(),
        "retry": list(config.retry),
        "retry_generation": generation,
        "calculator_binary_sha256": digest,
    }


def retry_generation(manifest: Mapping[str, Json], retry: bool) -> int:
    """Return which generation of retries a resumed session belongs to; its fresh plays are attempts of that number.

    A session with `--retry` begins the next one, unless the last such session did not come to its end: then it goes on
    with that one, so that a kill does not make a retry play and pay twice.
    """
    sessions = manifest["sessions"]
    last = max((session.get("retry_generation", 0) for session in sessions), default=0)
    if not retry:
        return int(last)
    of_last = [session for session in sessions if session.get("retry_generation", 0) == last]
    finished = any("ended_utc" in session and session["stopped_by"] is None for session in of_last)
    return int(last) + (1 if finished else 0) if last else 1


def end_session(manifest: dict[str, Json], progress: Progress, playing_seconds: float, seconds: float) -> None:
    """Write into the manifest how its last session ended."""
    manifest["sessions"][-1] |= {
        "ended_utc": utc(),
        "seconds": round(seconds, 3),
        "playing_seconds": round(playing_seconds, 3),
        "played": progress.finished,
        "stopped_by": progress.stopped_by,
    }


def new_manifest(family: str, identity: Mapping[str, Json], config: Config) -> dict[str, Json]:
    """Return the manifest of a run that starts now, with no session yet."""
    return {
        "manifest_format": MANIFEST_FORMAT,
        "record_format": RECORD_FORMAT,
        "arena_version": __version__,
        "family": family,
        "created_utc": utc(),
        "identity": dict(identity),
        "operation": config.operation(),
        "git": git_state(config.root),
        "python": platform.python_version(),
        "sessions": [],
    }


def summary_head(manifest: Mapping[str, Json], family: Family, cost: Mapping[str, Json]) -> dict[str, Json]:
    """Return what leads summary.json: what the run is, what it cost (`usd`, `unpriced`, `prices`), and of a run that
    judged another one again its `source`."""
    identity = manifest["identity"]
    return {
        "arena_version": manifest["arena_version"],
        "family": family.name,
        "unit_noun": family.unit_noun,
        "identity_sha256": identity["sha256"],
        "models": identity["models"],
        "calculator": identity["calculator"],
        "rules": identity["rules"],
        "cost_usd": dict(cost),
        **({"source": identity["source"]} if "source" in identity else {}),
    }
