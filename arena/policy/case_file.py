"""Read a file of cases of a policy or an evaluator: a list under `cases`. All mistakes are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from arena.errors import DataError, Issue
from arena.formats import simpleyaml
from arena.formats.strict_json import IssueList
from arena.policy.gates_file import check_keys
from arena.records import Json

T = TypeVar("T")


def load_case_file(
    path: Path, about: str, names: Sequence[str], read: Callable[[Mapping[str, Json], str, IssueList], T]
) -> list[T]:
    """Return the cases of a file.

    `about`: the member that may name the policy or evaluator.  `names`: the members of a case.  `read(value, pointer,
    issues)`: makes a case from a map with these members.
    Errors: DataError with all mistakes.
    """
    value, issues = simpleyaml.load(path), IssueList(str(path))
    if not isinstance(value, Mapping) or not isinstance(value.get("cases"), list) or not value["cases"]:
        raise DataError([Issue(str(path), "/cases", "must be a list of cases, at least one")])
    check_keys(value, (about, "cases"), "", issues)
    found = []
    for place, one in enumerate(value["cases"]):
        pointer = f"/cases/{place}"
        if isinstance(one, Mapping):
            check_keys(one, names, pointer, issues)
            found.append(read(one, pointer, issues))
        else:
            issues.add(pointer, f"must be a map with {', '.join(names)}")
    issues.raise_if_any()
    return found
