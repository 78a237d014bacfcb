"""Shared by the scripts around services: their environment, waiting, and the notes that they keep on disk."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from arena.formats.bounded import parse_json, read_file
from arena.formats.tables import printable
from arena.providers.http.transport import TransportSettings
from arena.providers.jobs.waiting import Patience
from arena.records import Json
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

MAX_NOTE_BYTES = 2**20


def say(line: str) -> None:
    """Print a progress line to standard error."""
    print(printable(line), file=sys.stderr, flush=True)


def settings(timeout_s: float = 300.0) -> TransportSettings:
    """Return the environment for calling services, with the variables of the clone's `.env`."""
    return TransportSettings.from_environ(load_dotenv(os.environ, DATA_ROOT), say, timeout_s=timeout_s)


def patience(every_s: float, most_s: float, stop: threading.Event | None = None) -> Patience:
    return Patience(every_s, most_s, say, stop=stop or threading.Event())


def read_note(path: Path) -> dict[str, Json]:
    """Return a note, empty if there is none. Errors: DataError for a file that is not a JSON object."""
    if not path.exists():
        return {}
    found = parse_json(read_file(path, MAX_NOTE_BYTES), str(path))
    return found if isinstance(found, dict) else {}


def write_note(path: Path, note: Mapping[str, Json]) -> None:
    """Write a note for the next call, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, pretty_json(dict(note)))


def shown_json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
