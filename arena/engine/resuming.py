"""The state that an earlier session left for a resume: recorded trials, and the cost of their calls."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.engine.recorded_calls import CallCount
from arena.play.context import LeftOut
from arena.play.limits import Budget
from arena.records import STOPS
from arena.settings.prices import Price
from arena.store import resume_index
from arena.store.calls import CallLine
from arena.store.journal import JournalIndex
from arena.store.reader import RecordFile
from arena.store.resume_index import ResumeIndex
from arena.store.soundness import is_vouched
from arena.store.stored import StoredRecords


@dataclass(frozen=True, slots=True)
class Before:
    """The state before a resume. `stored`: key -> newest record; `checked`: every line was read before, so only the
    needed members are read; `index`: the resume index, None if records and journal are read instead."""

    stored: StoredRecords
    checked: bool
    index: ResumeIndex | None


def look_back(run_dir: Path, records: Callable[[], RecordFile], notify: Callable[[str], None]) -> Before:
    """Return the state of a run directory; without an index its `records` are read.

    Errors: DataError naming line and pointer of the damage.
    """
    index = resume_index.read(run_dir, notify)
    if index is not None:
        return Before(index.stored, True, index)
    checked = is_vouched(run_dir)
    return Before(records().stored(checked), checked, None)


@dataclass(frozen=True, slots=True)
class Pending(Container[str]):
    """The keys of all trials that are not kept."""

    kept: StoredRecords

    def __contains__(self, key: object) -> bool:
        return key not in self.kept


@dataclass(frozen=True, slots=True)
class Ledgers:
    """Counts the calls of earlier sessions. `prices`: by model; models not in it do not belong to this run."""

    budget: Budget
    left_out: LeftOut
    prices: Mapping[str, Price]

    def charge(self, line: CallLine) -> None:
        """Count a call of the journal that this session did not make."""
        price = self.prices.get(line.provider)
        if price is None:
            return
        usage = None
        if line.reply is not None:
            usage = line.reply.usage
            self.left_out.add(line.provider, line.reply.not_sent)
        self.budget.add_past(line.provider, price, usage, line.assumed, len(line.http), line.unknown)

    def charge_all(self, index: ResumeIndex) -> None:
        """Count all calls of the journal, as its index sums them up."""
        for model, spent in index.spent.items():
            if (price := self.prices.get(model)) is not None:
                self.budget.add_sum(model, price, spent.usage, spent.attempts, spent.unknown, spent.largest)
                self.left_out.add(model, index.not_sent.get(model, ()))


def read_journal(
    before: Before, recorded: JournalIndex, wanted: Container[str] | None, count: CallCount, ledgers: Ledgers
) -> list[str]:
    """Find the recorded calls of the `wanted` trials (None: there are none), and count the cost of all calls.

    Return the recorded trials that have calls missing from the journal. A run with an index has none: the index fits
    this journal only, and was made when nothing was missing. Errors: as of `JournalIndex.scan`.
    """
    if before.index is not None:
        ledgers.charge_all(before.index)
        if wanted is not None:
            recorded.find(wanted)
        return []

    def each(line: CallLine) -> None:
        ledgers.charge(line)
        count.see(line)

    recorded.scan(() if wanted is None else wanted, each, before.checked)
    return count.short()


def write_index(run_dir: Path, judges_only: bool) -> None:
    """Write the index for the next resume (store/resume_index.py), if the run is large enough for one.

    `judges_only`: as of CallCount.
    """

    def counter(stored: StoredRecords) -> CallCount:
        return CallCount(stored, judges_only, lambda one: STOPS[one.stop].kept)

    resume_index.write(run_dir, counter)
