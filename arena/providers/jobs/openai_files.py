"""Sending files to the OpenAI API, and fetching them.

Source: OpenAI API reference, "Files" (upload, content) and "Uploads" (create, add part, complete). A file above
PART_BYTES goes up in parts, so that memory is bounded and an interrupted upload continues with the missing part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from arena.formats.bounded import open_file
from arena.providers.jobs.rest import RestClient, text_member
from arena.records import Json

PART_BYTES = 32 * 2**20
"""A part may hold 64 MB (OpenAI API reference, "Add upload part")."""

Note = Callable[[Mapping[str, Json]], None]
"""Called with the state that an interrupted upload needs to resume; kept by the caller."""


class Files:
    """The files of one account, sent for one `purpose`: `batch` or `fine-tune`."""

    def __init__(self, rest: RestClient, purpose: str) -> None:
        self._rest, self._purpose = rest, purpose

    def upload(self, path: Path, noted: Mapping[str, Json], note: Note) -> str:
        """Send a file and return its id. `noted`: what `note` was called with last; empty at first."""
        if isinstance(noted.get("file"), str):
            return str(noted["file"])
        size = path.stat().st_size
        with open_file(path) as file:
            if size <= PART_BYTES:
                answer = self._rest.post_form("/files", {"purpose": self._purpose}, (path.name, file.read()))
                made = text_member(answer, "id", "POST /files")
            else:
                made = self._in_parts(path.name, size, file, dict(noted), note)
        note({"file": made})
        return made

    def _in_parts(self, name: str, size: int, file: BinaryIO, noted: dict[str, Json], note: Note) -> str:
        if not isinstance(noted.get("upload"), str) or noted.get("bytes") != size:
            about = {"filename": name, "purpose": self._purpose, "bytes": size, "mime_type": "application/jsonl"}
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

    def content(self, file: str) -> bytes:
        """Return the content of a file."""
        return self._rest.content(f"/files/{file}/content")
