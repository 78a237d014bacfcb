"""The first message to each seat of a match, for the report: the system text, checked against the journal."""

from __future__ import annotations

from dataclasses import dataclass, field

from arena.engine.build import FAMILIES
from arena.engine.finished import SentReader
from arena.errors import ArenaError, DataError
from arena.formats.strict_json import MAX_BYTES
from arena.records import Record
from arena.store.files import reading
from arena.store.finished_run import FinishedRun
from arena.store.rundir import INPUTS_DIR

TOOLS_FILE = "tools.txt"
POINTER = f"(the text of {INPUTS_DIR}/{TOOLS_FILE})"
SHARED_LINES = 5
"""This many consecutive lines of the description of the tools are replaced by POINTER: it is long, and the
same in every match."""


@dataclass(frozen=True, slots=True)
class Brief:
    """Seat -> system text of its first call, in the order of asking; or why that cannot be shown."""

    systems: dict[str, str] = field(default_factory=dict)
    problem: str = ""


class Briefs:
    """The briefs of a run's matches. Nothing for a family that is unknown here, or a run without calls."""

    def __init__(self, run: FinishedRun) -> None:
        self._reader: SentReader | None = None
        self._problem = ""
        self._tools: frozenset[str] = frozenset()
        if run.manifest.identity.family not in FAMILIES:
            return
        try:
            self._reader = SentReader(run)
            self._tools = _tool_lines(run)
        except ArenaError as error:  # the report of a damaged run still shows its records
            self._problem = str(error)

    def of(self, record: Record) -> Brief:
        """Return the first messages to the seats of a record."""
        if self._reader is None:
            return Brief(problem=self._problem)
        systems: dict[str, str] = {}
        try:
            for call in self._reader.calls(record, judged=False):
                if call.seat not in systems:
                    systems[call.seat] = without_tools(call.system, self._tools)
        except DataError as error:
            return Brief(problem=str(error))
        return Brief(systems)


def _tool_lines(run: FinishedRun) -> frozenset[str]:
    path = run.path / INPUTS_DIR / TOOLS_FILE
    if run.manifest.identity.tools_sha256 is None or not path.is_file():
        return frozenset()
    with reading(path, run.path) as file:
        return frozenset(file.read(MAX_BYTES).decode("utf-8", "replace").splitlines())


def without_tools(text: str, tools: frozenset[str]) -> str:
    """Return a text with each run of SHARED_LINES or more lines of the tools' description replaced by POINTER."""
    out: list[str] = []
    shared: list[str] = []
    for line in [*text.split("\n"), None]:
        if line is not None and line in tools:
            shared.append(line)
            continue
        out += [POINTER] if len(shared) >= SHARED_LINES else shared
        shared = []
        if line is not None:
            out.append(line)
    return "\n".join(out)
