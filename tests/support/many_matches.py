"""Makes a run of any number of matches out of a small one, for tests and benchmarks of what comes after a run.

python3 -m tests.support.many_matches RUN COUNT OUT
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import sys
from pathlib import Path

from arena.formats.json_text import json_text
from arena.store.chain import chained, first_link, unchained
from arena.store.journal import encode_line
from arena.store.rundir import MANIFEST_FILE, RECORDS_FILE, pretty_json


def multiply(run: Path, count: int, out: Path) -> Path:
    """Write to `out` a run of `count` matches: the records of `run` over and over, each time as a further repetition.

    The plan and the hash chain fit; summary.json is left out, as after a kill between records and tables.
    """
    out.mkdir(parents=True)
    if (run / "inputs").is_dir():
        shutil.copytree(run / "inputs", out / "inputs")
    manifest = json.loads((run / MANIFEST_FILE).read_bytes())
    manifest["identity"]["plan"]["count"] = count
    others = {name: value for name, value in manifest["identity"].items() if name != "sha256"}
    manifest["identity"]["sha256"] = hashlib.sha256(encode_line(others)).hexdigest()
    (out / MANIFEST_FILE).write_bytes(pretty_json(manifest))
    lines = [unchained(line) for line in (run / RECORDS_FILE).read_bytes().splitlines(keepends=True)]
    previous = first_link(manifest["identity"])
    rounds = 1 + max(json.loads(json.loads(line)["plan"])["rep"] for line in lines)
    with (out / RECORDS_FILE).open("wb") as file:
        for number, line in enumerate(itertools.islice(itertools.cycle(lines), count)):
            record = json.loads(line)
            plan = json.loads(record["plan"])
            plan["rep"] += rounds * (number // len(lines))
            record["key"] = f"{record['key'].rpartition('/')[0]}/rep_{plan['rep']}"
            record["plan"] = json_text(plan)
            written = chained(encode_line(record), previous)
            previous = hashlib.sha256(written).hexdigest()
            file.write(written)
    return out


if __name__ == "__main__":
    print(multiply(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
