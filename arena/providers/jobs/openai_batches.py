"""Batches of the OpenAI API.

Source: OpenAI API reference, "Batch" (create, list, retrieve, cancel).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.providers.jobs.openai_files import Files, Note
from arena.providers.jobs.rest import Answer, RestClient, text_member
from arena.records import Json

PURPOSE = "batch"
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""States of a batch after which nothing more comes (OpenAI API reference, "The batch object")."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch as the service describes it. `output_file`, `error_file`: ids, empty if there is none."""

    id: str
    status: str
    total: int
    completed: int
    failed: int
    output_file: str = ""
    error_file: str = ""
    problems: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Batches:
    """The client."""

    def __init__(self, rest: RestClient) -> None:
        self._rest, self._files = rest, Files(rest, PURPOSE)

    def upload(self, path: Path, noted: Mapping[str, Json], note: Note) -> str:
        """Send a file of requests and return its id; see Files."""
        return self._files.upload(path, noted, note)

    def create(self, file: str, endpoint: str, metadata: Mapping[str, str]) -> BatchState:
        """Start a batch of an uploaded file; it ends within a day."""
        payload = {"input_file_id": file, "endpoint": endpoint, "completion_window": "24h", "metadata": dict(metadata)}
        return _state(self._rest.post("/batches", payload))

    def find(self, key: str, value: str) -> BatchState | None:
        """Return the newest batch whose metadata hold this pair, None if there is none."""
        answer = self._rest.get("/batches", {"limit": "100"})
        for one in answer.get("data") or ():
            if isinstance(one, dict) and (one.get("metadata") or {}).get(key) == value:
                return _state(one)
        return None

    def retrieve(self, batch: str) -> BatchState:
        return _state(self._rest.get(f"/batches/{batch}"))

    def cancel(self, batch: str) -> BatchState:
        return _state(self._rest.post(f"/batches/{batch}/cancel", {}))

    def content(self, file: str) -> bytes:
        """Return the content of a file."""
        return self._files.content(file)


def _state(answer: Answer) -> BatchState:
    counts = answer.get("request_counts") or {}
    errors = (answer.get("errors") or {}).get("data") or ()
    return BatchState(
        id=text_member(answer, "id", "a batch"),
        status=text_member(answer, "status", "a batch"),
        total=int(counts.get("total") or 0),
        completed=int(counts.get("completed") or 0),
        failed=int(counts.get("failed") or 0),
        output_file=str(answer.get("output_file_id") or ""),
        error_file=str(answer.get("error_file_id") or ""),
        problems=tuple(str(one.get("message")) for one in errors if isinstance(one, dict)),
    )
