"""Supervised fine-tuning of the OpenAI API.

Source: OpenAI API reference, "Fine-tuning" (create, list, retrieve and cancel jobs; list events) and "Files". The
service chooses the id of a job. A job that may have been created is found by its metadata, and never created twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.errors import ServiceFault
from arena.providers.jobs.openai_files import Files, Note
from arena.providers.jobs.rest import Answer, RestClient, text_member
from arena.records import Json

PURPOSE = "fine-tune"
MARK = "arena_job"
"""The member of a job's metadata with our id of the job."""
LEAST_ROWS = 10
"""Rows that a training file must have (OpenAI documentation, "Supervised fine-tuning", "Build your dataset")."""
MOST_SUFFIX = 64
"""Longest suffix of a tuned model's name, in characters (OpenAI API reference, "Create fine-tuning job")."""

DONE = "succeeded"
ENDED = frozenset({DONE, "failed", "cancelled"})
"""States of a job after which nothing more comes (OpenAI API reference, "The fine-tuning job object")."""


@dataclass(frozen=True, slots=True)
class TuningJob:
    """A job as the service describes it. `model`: the tuned one, empty until there is one; `problem`: why it failed."""

    id: str
    status: str
    model: str = ""
    problem: str = ""
    trained_tokens: int | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class TuningEvent:
    """An event of a job. `level`: info, warn or error."""

    id: str
    level: str
    message: str


class Tuning:
    """The client."""

    def __init__(self, rest: RestClient) -> None:
        self._rest, self._files = rest, Files(rest, PURPOSE)

    def upload(self, path: Path, noted: Mapping[str, Json], note: Note) -> str:
        """Send a file of rows and return its id; see Files."""
        return self._files.upload(path, noted, note)

    def create(self, mark: str, about: Mapping[str, Json]) -> TuningJob:
        """Start a job, or return the one whose metadata have this mark. `about`: the request, metadata left out."""
        found = self.find(mark)
        if found is not None:
            return found
        try:
            return _job(self._rest.post("/fine_tuning/jobs", {**about, "metadata": {MARK: mark}}))
        except ServiceFault:  # cut off: it may have been created nevertheless
            found = self.find(mark)
            if found is None:
                raise
            return found

    def find(self, mark: str) -> TuningJob | None:
        """Return the newest job with this mark, None if there is none."""
        answer = self._rest.get("/fine_tuning/jobs", {"limit": "20", f"metadata[{MARK}]": mark})
        for one in answer.get("data") or ():
            if isinstance(one, dict) and (one.get("metadata") or {}).get(MARK) == mark:
                return _job(one)
        return None

    def retrieve(self, job: str) -> TuningJob:
        return _job(self._rest.get(f"/fine_tuning/jobs/{job}"))

    def cancel(self, job: str) -> TuningJob:
        return _job(self._rest.post(f"/fine_tuning/jobs/{job}/cancel", {}))

    def events(self, job: str, most: int = 20) -> list[TuningEvent]:
        """Return the last events of a job, the oldest first."""
        answer = self._rest.get(f"/fine_tuning/jobs/{job}/events", {"limit": str(most)})
        found = [one for one in answer.get("data") or () if isinstance(one, dict)]
        return [TuningEvent(text_member(one, "id", "an event"), str(one.get("level") or ""),
                            str(one.get("message") or "")) for one in reversed(found)]  # fmt: skip


def _job(answer: Answer) -> TuningJob:
    error = answer.get("error")
    tokens = answer.get("trained_tokens")
    return TuningJob(
        id=text_member(answer, "id", "a fine-tuning job"),
        status=text_member(answer, "status", "a fine-tuning job"),
        model=str(answer.get("fine_tuned_model") or ""),
        problem=str(error.get("message") or "") if isinstance(error, dict) else "",
        trained_tokens=tokens if isinstance(tokens, int) else None,
    )
