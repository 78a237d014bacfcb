"""manifest.json, typed: what was played (identity), and how it was executed (operation, sessions).

The engine makes it (engine/manifest.py); every reader of a run uses this module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.decode import decode, encode
from arena.formats.decode_nodes import MemberError
from arena.records import RECORD_FORMAT, Json
from arena.store.journal import encode_line

MANIFEST_FORMAT = 3

Setting = str | float | bool | tuple[str, ...] | None
"""Allowed types for the value of an operation setting."""


@dataclass(frozen=True, slots=True)
class Models:
    """Who plays and judges, by label (`provider/model`).

    `participant` fills all seats except those of `roles`; `roster` names every player; `judge` is None without one;
    `panel`: the judge of each judgement, where several are asked for.  `files`: label -> SHA-256 of the file behind it.
    `api_versions`: label -> version of its API, if the API has several.
    """

    participant: str | None
    roles: Mapping[str, str]
    roster: tuple[str, ...]
    judge: str | None
    panel: tuple[str, ...]
    files: Mapping[str, str]
    api_versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def judges(self) -> tuple[str, ...]:
        """The judge of each judgement of a trial, in order; empty without a judge."""
        return self.panel or (() if self.judge is None else (self.judge,))

    def player(self, seat: str) -> str | None:
        """Return the model that fills a seat."""
        return self.roles.get(seat, self.participant)


@dataclass(frozen=True, slots=True)
class PlanDigest:
    """Number of trials, and the SHA-256 over their keys in order."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """The run that another one scored again: its digest, judge and calculator, and the digest of its plays."""

    identity_sha256: str
    judge: str | None
    calculator: Mapping[str, str | int | bool | None]
    plays_sha256: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a run; docs/run-directory.md explains the members. `sha256` covers the others."""

    family: str
    settings: Mapping[str, Json]
    models: Models
    calculator: Mapping[str, str | int | bool | None]
    tool_protocol: str
    tools_sha256: str | None
    policy: Mapping[str, Json]
    rules: Mapping[str, Json]
    plan: PlanDigest
    source: SourceIdentity | None
    sha256: str = ""

    def __post_init__(self) -> None:
        if "provider" not in self.calculator:
            raise MemberError("calculator", "names no provider")

    def to_json(self) -> dict[str, Json]:
        return encode(self)

    def digest(self) -> str:
        """Return the SHA-256 over all other members."""
        others = {name: value for name, value in self.to_json().items() if name != "sha256"}
        return hashlib.sha256(encode_line(others)).hexdigest()


@dataclass(frozen=True, slots=True)
class GitState:
    """Commit, and whether the work tree was changed; None for both outside of a git clone."""

    commit: str | None
    dirty: bool | None


@dataclass(slots=True)
class SessionLog:
    """One process that worked on a run. Members that are known only at its end are None before.

    `retry_generation`: attempt number of its fresh plays.  `stopped_by`: None if everything was played.
    """

    started_utc: str
    operation: Mapping[str, Setting]
    retry: tuple[str, ...]
    retry_generation: int
    calculator_binary_sha256: str | None
    ended_utc: str | None = None
    seconds: float | None = None
    playing_seconds: float | None = None
    played: int | None = None
    stopped_by: str | None = None

    @property
    def ended(self) -> bool:
        """Return whether it ended normally; a killed session did not."""
        return self.ended_utc is not None


@dataclass(slots=True)
class Manifest:
    """manifest.json. A run has at least one session."""

    manifest_format: int
    record_format: int
    arena_version: str
    family: str
    created_utc: str
    identity: Identity
    operation: Mapping[str, Setting]
    git: GitState
    python: str
    sessions: list[SessionLog]

    def __post_init__(self) -> None:
        if not self.sessions:
            raise MemberError("sessions", "is empty; a run has at least one session")

    def to_json(self) -> dict[str, Json]:
        return encode(self)

    @staticmethod
    def from_json(value: Json, file: Path) -> Manifest:
        """Return the manifest that `to_json` wrote.

        Errors: as of `decoded`; DataError for one that contradicts itself.
        """
        manifest = Manifest.decoded(value, file)
        issues = manifest.contradictions(str(file))
        if issues:
            raise DataError(issues)
        return manifest

    @staticmethod
    def decoded(value: Json, file: Path) -> Manifest:
        """Return a manifest whose members are of the right types, for verify, which looks for contradictions itself.

        Errors: DataError with all issues; for a run in the format of another version, only that issue.
        """
        _check_formats(value, file)
        return decode(Manifest, value, str(file))

    def contradictions(self, file: str) -> list[Issue]:
        """Return the contradictions: the identity and its digest, or the two members that name the family."""
        found = []
        if self.family != self.identity.family:
            found.append(Issue(file, "/family", f"is {self.family}, but the identity is of {self.identity.family}"))
        if self.identity.digest() != self.identity.sha256:
            found.append(Issue(file, "/identity/sha256", "is not the digest of the identity: it was changed"))
        return found


def _check_formats(value: Json, file: Path) -> None:
    if not isinstance(value, dict):
        return
    for name, ours in (("manifest_format", MANIFEST_FORMAT), ("record_format", RECORD_FORMAT)):
        found = value.get(name)
        if type(found) is int and found != ours:
            version = value.get("arena_version")
            hint = f" of arena {version}" if isinstance(version, str) else ""
            message = f"is {found}; this arena reads {ours}: read this run with the version that wrote it{hint}"
            raise DataError([Issue(str(file), f"/{name}", message)])
