"""The canary of an export: a text with a GUID by which benchmark data can be found, and left out."""

from __future__ import annotations

import re
import uuid

from arena.engine.finished import report_parts
from arena.store.finished_run import FinishedRun

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DERIVED = "Benchmark data, not for training"


def canary_of(run: FinishedRun) -> tuple[str, bool]:
    """Return the canary text of a run's exports, and whether it is that of the data set that was played.

    A set without a canary, or with one that holds no GUID, gets one of its own: the name-based GUID (RFC 9562,
    version 5) of the digest of its challenges, the same for every run of the same challenges.
    """
    found = report_parts(run).canary
    if found is not None and _GUID.search(found):
        return found, True
    identity = run.manifest.identity
    digest = str(identity.rules.get("challenges_sha256") or identity.sha256)
    guid = uuid.uuid5(uuid.NAMESPACE_URL, f"arena-canary/1/{digest}")
    return f"{found or DERIVED}: {guid}", False
