"""What the stand-in for OpenAI's fine-tuning knows of a job: its members, its course, its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

CREATED = 1_790_000_000
"""When everything was made (seconds since 1970, UTC)."""

TUNING_MEMBERS = {"model", "training_file", "validation_file", "suffix", "seed", "method", "metadata",
                  "hyperparameters", "integrations"}  # fmt: skip
HYPERPARAMETERS = {"n_epochs", "batch_size", "learning_rate_multiplier"}
LEAST_ROWS = 10
"""Rows that a training file must have, as OpenAI's guide says."""


def new_job(one: str, about: dict[str, Any]) -> dict[str, Any]:
    """Return a job as the service makes it of a request that has no problem."""
    given = about.get("method", {}).get("supervised", {}).get("hyperparameters", {})
    chosen = {name: given.get(name, "auto") for name in sorted(HYPERPARAMETERS)}
    return {
        "id": one, "object": "fine_tuning.job", "created_at": CREATED, "model": about["model"],
        "training_file": about["training_file"], "validation_file": about.get("validation_file"),
        "organization_id": "org-test", "seed": about.get("seed", 42), "status": "validating_files", "error": None,
        "fine_tuned_model": None, "finished_at": None, "trained_tokens": None, "result_files": [],
        "hyperparameters": chosen, "integrations": [], "estimated_finish": None,
        "method": {"type": "supervised", "supervised": {"hyperparameters": chosen}},
        "metadata": about.get("metadata"), "user_provided_suffix": about.get("suffix"),
    }  # fmt: skip


def problems_with(about: dict[str, Any]) -> Iterator[str]:
    """Yield the mistakes in the members of a job, next to its files."""
    if not isinstance(about["model"], str) or not about["model"]:
        yield "model must be a name"
    if not isinstance(about.get("suffix", "x"), str) or not 0 < len(about.get("suffix", "x")) <= 64:
        yield "suffix must have 1 to 64 characters"
    if type(about.get("seed", 1)) is not int:
        yield "seed must be an integer"
    pairs = about.get("metadata", {})
    if len(pairs) > 16 or any(len(key) > 64 or not isinstance(text, str) or len(text) > 512
                              for key, text in pairs.items()):  # fmt: skip
        yield "metadata hold at most 16 pairs, of at most 64 and 512 characters"
    method = about.get("method", {"type": "supervised", "supervised": {}})
    if method.get("type") != "supervised" or set(method) - {"type", "supervised"}:
        yield "method/type must be supervised, with a member of this name"
        return
    chosen = method.get("supervised", {}).get("hyperparameters", {})
    if unknown := sorted(set(chosen) - HYPERPARAMETERS):
        yield f"unknown hyperparameter {unknown[0]}"
    for name, value in chosen.items():
        numbers = (int, float) if name == "learning_rate_multiplier" else (int,)
        if value != "auto" and (type(value) not in numbers or value <= 0):
            yield f"{name} must be auto or a number above 0"


def shown(job: dict[str, Any]) -> dict[str, Any]:
    """Return a job as the service describes it."""
    return {name: value for name, value in job.items() if name not in ("asked", "events")}


def advance(job: dict[str, Any], problem: str, over: bool) -> None:
    """Move a job on: it fails for a problem, and is over after enough questions."""
    if problem:
        error = {"code": "invalid_training_file", "message": problem, "param": "training_file"}
        job |= {"status": "failed", "error": error, "finished_at": CREATED + 60}
    elif over:
        name = f"ft:{job['model']}:org-test:{job['user_provided_suffix'] or ''}:{job['id'].removeprefix('ftjob-')}"
        job |= {"status": "succeeded", "fine_tuned_model": name, "finished_at": CREATED + 60, "trained_tokens": 1000}
    else:
        job["status"] = "running"
    note_event(job, f"The job is {job['status']}")


def note_event(job: dict[str, Any], message: str) -> None:
    """Enter what happened, the newest first."""
    events = job.setdefault("events", [])
    level = "error" if job["status"] == "failed" else "info"
    events.insert(0, {"id": f"ftevent-{len(events) + 1}", "object": "fine_tuning.job.event", "created_at": CREATED,
                      "level": level, "message": message, "type": "message", "data": {}})  # fmt: skip


def problem_with_rows(data: bytes) -> str:
    """Return the mistake in a training file; empty for none."""
    try:
        rows = [json.loads(line) for line in data.splitlines()]
    except ValueError:
        return "the file is no JSONL"
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or set(row) - {"tools", "parallel_tool_calls"} != {"messages"}:
            return f"line {number} must have messages, and may have tools"
        roles = [message.get("role") for message in row["messages"]]
        if set(roles) - {"system", "user", "assistant", "tool"} or roles[-1:] != ["assistant"]:
            return f"line {number} must end with the assistant"
    return "" if len(rows) >= LEAST_ROWS else f"{len(rows)} examples, {LEAST_ROWS} are needed"
