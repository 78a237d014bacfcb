#!/usr/bin/env python3
"""Kill and disturb runs at seeded points, resume each, and check that it equals the undisturbed run.

    python3 scripts/chaos.py                          # 1,000 kills, 3 rounds of the other disturbances
    python3 scripts/chaos.py --kills 100 --rounds 1
    python3 scripts/chaos.py --only risk              # setups or points whose name contains a word
    python3 scripts/chaos.py --rounds 0 --minutes 60  # as many as fit into an hour, in the same order

All families and kinds of providers with 8 workers. A run is killed at the k-th request, call, tool call, record or
byte, within a series, between a record and its bundle, around a rename, or while the results are rewritten. It is also
stopped by SIGTERM, by a file-size limit, a disk that fills up (tmpfs, where root may mount one), a folder that becomes
read-only, few descriptors, a clock that jumps back, and calculators that are killed or hang. Exit codes: 0 all promises
were kept, 1 some were broken, 2 no result.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from arena.formats.tables import text_table  # noqa: E402
from tests.support.chaos.campaign import Campaign, Outcome, as_table  # noqa: E402
from tests.support.chaos.server import ServerProcess  # noqa: E402

SEED = 20261129


def carry_out(folder: Path, options: argparse.Namespace) -> list[Outcome]:
    """Disturb and resume, until `--minutes` are over; report each broken promise at once."""
    found: list[Outcome] = []
    ends = time.monotonic() + options.minutes * 60
    with ServerProcess() as server:
        campaign = Campaign(folder, server, options.seed, options.only)
        if options.rounds and campaign.no_disk:
            print(f"no disk fills up: {campaign.no_disk}", flush=True)
        for outcomes in (campaign.kills(options.kills), campaign.others(options.rounds)):
            for outcome in outcomes:
                found.append(outcome)
                for promise in outcome.broken:
                    print(f"BROKEN {outcome.setup}, {outcome.point}: {promise}", flush=True)
                if len(found) % 50 == 0:
                    print(f"{len(found)} runs disturbed and resumed", flush=True)
                if time.monotonic() > ends:
                    print(f"ended by --minutes after {len(found)} runs; the same seed gives the rest", flush=True)
                    return found
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Disturb runs at seeded points, resume them, compare.")
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="points at which a run is killed")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of the other disturbances")
    parser.add_argument("--minutes", type=float, default=math.inf, metavar="M", help="begin no further one after M")
    parser.add_argument("--only", default="", metavar="WORD", help="only setups and points whose name holds WORD")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(argv)
    if not hasattr(sys, "getwindowsversion"):
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    else:
        print("chaos: this system cannot fork", file=sys.stderr)
        return 2
    started = time.monotonic()
    try:
        found = carry_out(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not found:
        print("chaos: nothing was disturbed; give other words", file=sys.stderr)
        return 2
    print(text_table(["what was done", "runs", "setups", "broken"], as_table(found)))
    count = sum(bool(outcome.broken) for outcome in found)
    print(f"{len(found)} runs disturbed and resumed in {time.monotonic() - started:.0f} s, {count} broke a promise")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
