#!/usr/bin/env python3
"""Give every reader hostile input: the only allowed result is a message, and nothing may be written.

    python3 scripts/fuzz.py                               # 1,000,000 cases
    python3 scripts/fuzz.py --cases 50000 --seed 7
    python3 scripts/fuzz.py --only gates --number 17      # one case again, with its traceback

Readers: tool messages, judge replies, the YAML subset, gates and evaluator files, FEVER rows, runs of other benchmarks,
run directories, challenge files. Exit codes: 0 no case failed, 1 some did.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from arena.formats.tables import text_table  # noqa: E402
from tests.support.fuzz.campaign import PER, Fuzzed, fuzz  # noqa: E402
from tests.support.fuzz.targets import TARGETS  # noqa: E402

SEED = 20261129


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Give every reader hostile input.")
    parser.add_argument("--cases", type=int, default=1_000_000, metavar="N", help="cases of all targets together")
    parser.add_argument("--only", default="", metavar="WORD", help="only targets whose name holds WORD")
    parser.add_argument("--number", type=int, metavar="K", help="carry out case K of one target alone")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(argv)
    targets = [target for target in TARGETS if options.only in target.name]
    if not targets:
        parser.error(f"no target has {options.only!r} in its name: {', '.join(target.name for target in TARGETS)}")
    found: list[Fuzzed] = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if options.number is not None:
            (target,) = targets
            target.case(random.Random(f"{options.seed} {target.name} {options.number}"), Path(folder))()
            return 0
        for target in targets:
            found.append(fuzz(target, options.seed, max(1, round(target.share * options.cases / PER)), Path(folder)))
            for fault in found[-1].faults:
                print(f"FAULT {fault.target} {fault.number}: {fault.what}", flush=True)
    rows = [
        [
            one.target,
            f"{one.cases:,}",
            f"{one.read:,}",
            f"{one.refused:,}",
            str(len(one.faults)),
            f"{one.seconds:.1f} s",
        ]
        for one in found
    ]
    print(text_table(["target", "cases", "read", "refused", "at fault", "processor time"], rows))
    faults = sum(len(one.faults) for one in found)
    print(f"{sum(one.cases for one in found):,} cases, {faults} at fault, seed {options.seed}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
