"""A deployment for the time of a run: created, waited for, and deleted whatever happens.

A note on disk is written before the deployment is created and removed after it was deleted. The leftovers of a killed
process are found by their note, or by the prefix of their id at the service.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arena.errors import ArenaError, ServiceFault
from arena.providers.jobs.fireworks import DEPLOYMENT_ENDED, READY, Fireworks, State
from arena.providers.jobs.waiting import Patience
from arena.records import Json
from arena.store.files import write_atomic

PREFIX = "arena-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment to make. `model`: of the service; `replicas`: fixed number; `accelerator`: empty for its default."""

    id: str
    model: str
    replicas: int = 1
    accelerator: str = ""
    accelerators: int | None = None

    def about(self) -> dict[str, Json]:
        """Return the body of the request (Fireworks API reference, "Create Deployment")."""
        about: dict[str, Json] = {
            "baseModel": self.model,
            "displayName": self.id,
            "description": "made for a run of the arena, deleted at its end",
            "minReplicaCount": self.replicas,
            "maxReplicaCount": self.replicas,
        }
        if self.accelerator:
            about["acceleratorType"] = self.accelerator
        if self.accelerators is not None:
            about["acceleratorCount"] = self.accelerators
        return about


def notes_in(folder: Path) -> list[str]:
    """Return the ids of deployments that a process noted and did not delete."""
    return sorted(path.stem for path in folder.glob(f"{PREFIX}*.json"))


@contextmanager
def deployed(
    service: Fireworks, wanted: Wanted, folder: Path, patience: Patience, warn: Callable[[str], None]
) -> Iterator[State]:
    """Yield a deployment that is ready, and delete it at the end, in any case.

    `folder`: the folder of the note. If the deletion fails, `warn` gets a line that names the deployment, says that it
    costs money and how to delete it; the note stays. Errors: ServiceFault if the deployment fails or is not ready in
    time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{wanted.id}.json"
    write_atomic(note, json.dumps({"id": wanted.id, "model": wanted.model, "pid": os.getpid()}).encode() + b"\n")
    try:
        service.create_deployment(wanted.id, wanted.about())
        yield _ready(service, wanted, patience)
    finally:
        remove(service, wanted.id, folder, warn)


def _ready(service: Fireworks, wanted: Wanted, patience: Patience) -> State:
    def ask() -> State:
        found = service.deployment(wanted.id)
        if found is None:
            raise ServiceFault("provider", f"the deployment {wanted.id} is gone")
        return found

    found = patience.until(
        ask,
        lambda state: state.state == READY or state.state in DEPLOYMENT_ENDED,
        lambda state: f"deployment {wanted.id}: {state.state}",
    )
    if found.state != READY:
        raise ServiceFault(
            "provider", f"the deployment {wanted.id} ended as {found.state}: {found.message}".rstrip(": ")
        )
    return found


def remove(service: Fireworks, one: str, folder: Path, warn: Callable[[str], None], tries: int = 3) -> bool:
    """Delete a deployment and its note; return whether it no longer exists. The transport waits between attempts."""
    problem: Exception | None = None
    for _ in range(tries):
        try:
            service.delete_deployment(one)
            (folder / f"{one}.json").unlink(missing_ok=True)
            return True
        except ArenaError as error:
            problem = error
    warn(f"the deployment {one} could not be deleted and costs money: {problem}; delete it with --cleanup")
    return False


def leftovers(service: Fireworks, folder: Path) -> Mapping[str, str]:
    """Return id -> state of the deployments that earlier runs left: noted here, or with our prefix at the service."""
    found = {state.name.rpartition("/")[2]: state.state for state in service.deployments(PREFIX)}
    for one in notes_in(folder):
        found.setdefault(one, "noted here, unknown to the service")
    return dict(sorted(found.items()))
