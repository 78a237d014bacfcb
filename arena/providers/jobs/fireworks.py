"""Data sets, supervised fine-tuning and deployments of Fireworks.

Source: Fireworks API reference, "Create Dataset", "Upload Dataset", "Get Dataset", "Create Supervised Fine-tuning Job",
"Get Supervised Fine-tuning Job", "Create Deployment", "Get Deployment", "Delete Deployment". We choose the ids, so the
client asks by name whether something was created, and never creates it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.errors import ServiceFault
from arena.formats.bounded import read_file
from arena.providers.jobs.rest import Answer, Refused, RestClient
from arena.records import Json

MAX_DATASET_BYTES = 150 * 1000 * 1000
"""Larger files need another kind of upload (Fireworks documentation, "Upload Dataset": 150 MB)."""

JOB_DONE = "JOB_STATE_COMPLETED"
JOB_ENDED = frozenset({JOB_DONE, "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"})
READY, GONE = "READY", frozenset({"DELETING", "DELETED"})
DEPLOYMENT_ENDED = frozenset({"FAILED", *GONE})


@dataclass(frozen=True, slots=True)
class State:
    """A resource as the service describes it. `name`: with its account; `message`: the problem, empty if there is
    none."""

    name: str
    state: str
    message: str = ""


class Fireworks:
    """The client of one account."""

    def __init__(self, rest: RestClient, account: str) -> None:
        self._rest, self._root = rest, f"/v1/accounts/{account}"
        self.account = account

    def name(self, kind: str, one: str) -> str:
        """Return the whole name of a resource: `accounts/ACCOUNT/KIND/ID`."""
        return f"accounts/{self.account}/{kind}/{one}"

    def dataset(self, one: str) -> State | None:
        return self._find("datasets", one)

    def create_dataset(self, one: str, path: Path, rows: int) -> State:
        """Create a data set and send its file; each only if it does not exist yet."""
        found = self.dataset(one)
        if found is None:
            about = {"datasetId": one, "dataset": {"userUploaded": {}, "format": "CHAT", "exampleCount": str(rows)}}
            found = self._made("datasets", one, about, {})
        if found.state != READY:
            data = read_file(path, MAX_DATASET_BYTES, "split it, or have the service fetch it from a bucket")
            self._rest.post_form(f"{self._root}/datasets/{one}:upload", {}, (path.name, data))
            found = self.dataset(one) or found
        return found

    def job(self, one: str) -> State | None:
        return self._find("supervisedFineTuningJobs", one)

    def create_job(self, one: str, about: Mapping[str, Json]) -> State:
        """Start a fine-tuning job, or return the one of this id."""
        query = {"supervisedFineTuningJobId": one}
        return self.job(one) or self._made("supervisedFineTuningJobs", one, about, query)

    def cancel_job(self, one: str) -> None:
        self._rest.delete(f"{self._root}/supervisedFineTuningJobs/{one}")

    def deployment(self, one: str) -> State | None:
        return self._find("deployments", one)

    def create_deployment(self, one: str, about: Mapping[str, Json]) -> State:
        """Create a deployment, or return the one of this id."""
        return self.deployment(one) or self._made("deployments", one, about, {"deploymentId": one})

    def delete_deployment(self, one: str) -> bool:
        """Delete a deployment; return False if there is none (any more)."""
        try:
            self._rest.delete(f"{self._root}/deployments/{one}", {"ignoreChecks": "true"})
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def deployments(self, prefix: str) -> list[State]:
        """Return the deployments whose ids begin with a prefix and that still cost money."""
        answer = self._rest.get(f"{self._root}/deployments", {"pageSize": "200"})
        found = [_state(one) for one in answer.get("deployments") or () if isinstance(one, dict)]
        return [one for one in found if one.name.rpartition("/")[2].startswith(prefix) and one.state not in GONE]

    def _find(self, kind: str, one: str) -> State | None:
        try:
            return _state(self._rest.get(f"{self._root}/{kind}/{one}"))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _made(self, kind: str, one: str, about: Mapping[str, Json], query: Mapping[str, str]) -> State:
        try:
            return _state(self._rest.post(f"{self._root}/{kind}", dict(about), query))
        except ServiceFault:  # cut off: it may have been created nevertheless
            found = self._find(kind, one)
            if found is None:
                raise
            return found
        except Refused as refused:
            found = self._find(kind, one) if refused.status == 409 else None
            if found is None:
                raise
            return found


def _state(answer: Answer) -> State:
    status = answer.get("status")
    message = str(status.get("message") or "") if isinstance(status, dict) else ""
    if not isinstance(answer.get("name"), str):
        raise ServiceFault("provider", "the answer of the service lacks a name")
    return State(answer["name"], str(answer.get("state") or ""), message)
