"""Files and Batches of the OpenAI API.

Source: OpenAI API reference, "Files" (upload, retrieve, content), "Uploads" (create, add part, complete) and "Batch"
(create, retrieve, cancel). A file above PART_BYTES goes up in parts, so that memory is bounded and an interrupted
upload continues with the part that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from arena.errors import ServiceFault
from arena.formats.bounded import open_file
from arena.providers.jobs.rest import Answer, RestClient, text_member
from arena.records import Json

PART_BYTES = 32 * 2**20
"""A part may hold 64 MB (OpenAI API reference, "Add upload part")."""

PURPOSE = "batch"
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""States of a batch after which nothing more comes (OpenAI API reference, "The batch object")."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch as the service tells of it. `output_file`, `error_file`: ids, empty where there is none."""

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
    """The client. `note`: called with what an interrupted upload needs to go on; kept by the caller."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def upload(self, path: Path, noted: Mapping[str, Json], note: Callable[[Mapping[str, Json]], None]) -> str:
        """Send a file of requests and return its id. `noted`: what `note` was called with last; empty at first."""
        if isinstance(noted.get("file"), str):
            return str(noted["file"])
        size = path.stat().st_size
        with open_file(path) as file:
            if size <= PART_BYTES:
                answer = self._rest.post_form("/files", {"purpose": PURPOSE}, (path.name, file.read()))
                made = text_member(answer, "id", "POST /files")
            else:
                made = self._in_parts(path.name, size, file, dict(noted), note)
        note({"file": made})
        return made

    def _in_parts(
        self, name: str, size: int, file: BinaryIO, noted: dict[str, Json], note: Callable[[Mapping[str, Json]], None]
    ) -> str:
        if not isinstance(noted.get("upload"), str) or noted.get("bytes") != size:
            about = {"filename": name, "purpose": PURPOSE, "bytes": size, "mime_type": "application/jsonl"}
            upload = text_member(self._rest.post("/uploads", about), "id", "POST /uploads")
            noted = {"upload": upload, "bytes": size, "parts": []}
            note(noted)
        parts = list(noted["parts"])
        file.seek(len(parts) * PART_BYTES)
        while data := file.read(PART_BYTES):
            answer = self._rest.post_part(f"/uploads/{noted['upload']}/parts", data)
            parts.append(text_member(answer, "id", "the part of an upload"))
            noted = {**noted, "parts": list(parts)}
            note(noted)
        answer = self._rest.post(f"/uploads/{noted['upload']}/complete", {"part_ids": parts})
        made = answer.get("file")
        return text_member(made if isinstance(made, dict) else {}, "id", "the completed upload")

    def create(self, file: str, endpoint: str, metadata: Mapping[str, str]) -> BatchState:
        """Start a batch of an uploaded file; it ends within a day."""
        payload = {"input_file_id": file, "endpoint": endpoint, "completion_window": "24h", "metadata": dict(metadata)}
        return _state(self._rest.post("/batches", payload))

    def find(self, key: str, value: str) -> BatchState | None:
        """Return the newest batch whose metadata hold this pair, None where there is none."""
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
        return self._rest.content(f"/files/{file}/content")


def _state(answer: Answer) -> BatchState:
    counts = answer.get("request_counts") or {}
    errors = (answer.get("errors") or {}).get("data") or ()
    if not isinstance(answer.get("status"), str):
        raise ServiceFault("provider", "the answer about a batch lacks its status")
    return BatchState(
        id=text_member(answer, "id", "a batch"),
        status=answer["status"],
        total=int(counts.get("total") or 0),
        completed=int(counts.get("completed") or 0),
        failed=int(counts.get("failed") or 0),
        output_file=str(answer.get("output_file_id") or ""),
        error_file=str(answer.get("error_file_id") or ""),
        problems=tuple(str(one.get("message")) for one in errors if isinstance(one, dict)),
    )
