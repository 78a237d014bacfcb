"""`make bench`: speed and size of the arena, as tables, with references measured in the same run.

    python3 scripts/bench.py                       # everything
    python3 scripts/bench.py playing families      # some tables

Every row runs its own command, pinned to one core where the system can pin. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from arena.formats.tables import text_table  # noqa: E402
from arena.store import digests  # noqa: E402
from arena.store.closing import ChainedRecords  # noqa: E402
from arena.store.journal import encode_line  # noqa: E402
from arena.store.rundir import MANIFEST_FILE, RECORDS_FILE  # noqa: E402
from scripts.bench_families import family_lines  # noqa: E402
from scripts.bench_parts import part_lines  # noqa: E402
from scripts.bench_report import report_lines  # noqa: E402
from tests.support.comparison_rig import Made, match, verified  # noqa: E402

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The cores that this benchmark may use, read at its start: a pinned process passes its single core on to its
children."""

CLIENT_CORE, SERVER_CORE = 0, 1
LATENCY_S = 0.050
WORKERS = 256
CHALLENGES = 4
MATCHES = 2000
"""Of the run in two processes."""
BUSY = "sum(number * number % 7 for number in range(20_000_000))"
WAVES = 12
"""Matches that each worker plays over HTTP: all take equally long, so whole waves leave no worker idle at the end."""
MANY_WORKERS, MANY_LATENCY_S, MANY_WAVES = 1024, 1.0, 3
"""Of the run in two processes over HTTP, which shows how many calls one machine keeps in flight."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished command: wall seconds, CPU seconds of it and its children, peak memory in MiB."""

    seconds: float
    cpu: float
    peak_mib: float


def pin(core: int | None) -> None:
    """Pin this process to a core (None: to all that the benchmark may use), if the system allows it."""
    if CORES:
        os.sched_setaffinity(0, CORES if core is None else {CORES[core % len(CORES)]})


def run(words: Sequence[str], core: int | None = CLIENT_CORE) -> Ran:
    """Run a command pinned to one core (None: to none) and measure it; ends the benchmark when it fails."""
    started = time.perf_counter()
    child = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=lambda: pin(core)
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if child.returncode:
        sys.exit(f"{' '.join(words)}\nended with {child.returncode}:\n{said.decode()[-2000:]}")
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def arena(out: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "arena.run", "--out", str(out), "--quiet", *flags]


def session(folder: Path) -> dict[str, float]:
    """Return what the manifest says of the run's one session."""
    found: dict[str, float] = json.loads((folder / "manifest.json").read_bytes())["sessions"][-1]
    return found


def size_of(folder: Path) -> tuple[int, int]:
    """Return the bytes of all files below a folder: their sizes, and in blocks on the disk."""
    stats = [path.stat() for path in folder.rglob("*")]
    files = [stat.st_size for path, stat in zip(folder.rglob("*"), stats, strict=True) if path.is_file()]
    return sum(files), sum(stat.st_blocks * 512 for stat in stats)


def challenge_ids(count: int) -> str:
    """Return the ids of the first challenges with two roles, as --challenge-ids takes them."""
    path = ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
    found = [c["id"] for c in json.loads(path.read_bytes())["challenges"] if len(c["participants"]) == 2]
    return ",".join(found[:count])


def play(folder: Path, model: str, calculator: str, matches: int) -> tuple[list[str], Ran]:
    """Play `matches` matches of 12 turns and one judge call; return the table row and the measurement."""
    repetitions = matches // CHALLENGES
    done = run(
        arena(folder, "--participant-model", f"mock/{model}", "--judge-model", "mock/judge", "--max-turns", "12",
              "--workers", "1", "--calculator-provider", calculator, "--challenge-ids", challenge_ids(CHALLENGES),
              "--repetitions", str(repetitions))
    )  # fmt: skip
    count = CHALLENGES * repetitions
    turns = count * 12
    playing = session(folder)["playing_seconds"]
    plain, blocks = size_of(folder)
    speed = f"{turns / done.seconds:,.0f} turns/s ({turns / playing:,.0f} while playing)"
    disk = f"{plain / count / 1000:.1f} kB ({blocks / count / 1000:.1f} kB in blocks)"
    return [f"{count} matches, mock/{model}", speed, f"{done.peak_mib:.0f} MiB", disk], done


def bare_files(folder: Path, matches: int) -> float:
    """Return turns per second of a loop that only writes: the same lines, files and sizes as a run of `mock/talker`."""
    pin(CLIENT_CORE)
    line, view, rest = "x" * 570 + "\n", "x" * 6300, "x" * 5400
    started = time.perf_counter()
    with (folder / "calls").open("w") as calls, (folder / "matches").open("w") as records:
        for match in range(matches):
            for _ in range(13):
                calls.write(line)
                calls.flush()
            records.write(rest)
            views = folder / f"rep_{match}" / "role_views"
            views.mkdir(parents=True)
            for name, text in (
                ("match", rest[:1200]),
                ("transcript", rest),
                ("role_views/A", view),
                ("role_views/B", view),
            ):
                (folder / f"rep_{match}" / name).write_text(text)
    for name in ("role_A", "role_B", "again"):
        (folder / name).write_text(view * matches)
    return matches * 12 / (time.perf_counter() - started)


@contextmanager
def serving(latency_s: float) -> Iterator[int]:
    """Start the light server on the other core and yield its port, to which the provider `local` leads meanwhile."""
    words = [sys.executable, "-m", "tests.support.light_server", "--latency-ms", str(latency_s * 1000)]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=lambda: pin(SERVER_CORE))
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        os.environ["ARENA_LOCAL_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
        yield port
    finally:
        server.kill()


def bare_http(port: int, seconds: float) -> float:
    """Return requests per second of bare http.client: 256 threads, one kept-alive connection each."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 300}]})
    counts = [0] * WORKERS
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < end:
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(WORKERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def asked_per_second(folder: Path, workers: int, waves: int, core: int | None, *flags: str) -> float:
    """Return requests per second of a whole run of matches of 20 turns, `waves` a worker, while it plays."""
    repetitions = workers * waves // CHALLENGES
    run(
        arena(folder, "--participant-model", "local/m", "--judge-model", "mock/judge", "--max-turns", "20",
              "--workers", str(workers), "--calculator-provider", "none", "--repetitions", str(repetitions),
              "--challenge-ids", challenge_ids(CHALLENGES), *flags),
        core,
    )  # fmt: skip
    calls: int = json.loads((folder / "summary.json").read_bytes())["usage"]["players"]["calls"]
    return calls / session(folder)["playing_seconds"]


def over_http(folder: Path) -> list[list[str]]:
    """Measure the whole arena over HTTP: 256 workers on one core next to bare http.client, 1,024 in two processes."""
    with serving(LATENCY_S) as port:
        child = subprocess.run(
            [sys.executable, __file__, "--bare-http", str(port)], cwd=ROOT, capture_output=True, check=True,
            preexec_fn=lambda: pin(CLIENT_CORE),
        )  # fmt: skip
        bare = float(child.stdout)
        rate = asked_per_second(folder / "http", WORKERS, WAVES, CLIENT_CORE)
    with serving(MANY_LATENCY_S):
        flags = ("--processes", "2", "--bundles", "packed")
        many = asked_per_second(folder / "many", MANY_WORKERS, MANY_WAVES, None, *flags)
    ideal, most = WORKERS / LATENCY_S, MANY_WORKERS / MANY_LATENCY_S
    return [
        ["bare http.client, 256 threads, 50 ms", f"{bare:,.0f} requests/s", f"{bare / ideal:.0%} of 256/0.05"],
        ["the arena, 256 workers, 50 ms", f"{rate:,.0f} requests/s", f"{rate / ideal:.0%} of 256/0.05"],
        ["the arena, 1,024 workers, 1 s, --processes 2", f"{many:,.0f} requests/s", f"{many / most:.0%} of 1,024/s"],
    ]


def verifying(folder: Path, *flags: str) -> str:
    """Play with mock models, verify the run, and return how fast that went: tool calls and matches a second."""
    run(arena(folder, *flags))
    done = run([sys.executable, "-m", "arena", "verify", str(folder), "--quiet"])
    summary = json.loads((folder / "summary.json").read_bytes())
    calls, matches = summary["usage"]["players"]["tool_calls"], summary["n_matches"]
    return f"{calls / done.seconds:,.0f} tool calls/s, {matches / done.seconds:,.0f} matches/s, {done.peak_mib:.0f} MiB"


def busy(count: int) -> float:
    """Return the speed-up of `count` processes that only compute over one: the capacity of this machine at the
    moment."""
    rates = []
    for processes in (1, count):
        started = time.perf_counter()
        loops = [subprocess.Popen([sys.executable, "-c", BUSY], preexec_fn=lambda: pin(None)) for _ in range(processes)]
        for loop in loops:
            loop.wait()
        rates.append(processes / (time.perf_counter() - started))
    return rates[1] / rates[0]


def in_processes(folder: Path, matches: int) -> list[list[str]]:
    """Measure a mock run in one process and in two, on all cores; return the rows, the second with the speed-up."""
    rows, alone = [["reference: two processes that only reckon", "", f"{busy(2):.2f}", ""]], 0.0
    for count in (1, 2):
        out = folder / f"processes-{count}"
        ran = run(
            arena(out, "--participant-model", "mock/talker", "--judge-model", "mock/judge", "--max-turns", "12",
                  "--workers", "2", "--processes", str(count), "--calculator-provider", "none", "--challenge-ids",
                  challenge_ids(CHALLENGES), "--repetitions", str(matches // CHALLENGES)),
            None,
        )  # fmt: skip
        playing = session(out)["playing_seconds"]
        alone = alone or playing
        rows.append([f"--processes {count}", f"{matches * 12 / playing:,.0f} turns/s while playing",
                     f"{alone / playing:.2f}", f"{ran.cpu:.1f} s"])  # fmt: skip
    return rows


def starts(words: Sequence[str], times: int = 10) -> float:
    """Return the median milliseconds of a command."""
    found = sorted(run(words).seconds for _ in range(times))
    return found[times // 2] * 1000


def finish(run: Path) -> None:
    """Close a run that was made as a session closes one: records chained, and a list of digests."""
    path, identity = run / RECORDS_FILE, json.loads((run / MANIFEST_FILE).read_bytes())["identity"]
    records = ChainedRecords(path, identity)
    for line in path.read_bytes().splitlines():
        records.add(encode_line(json.loads(line)))
    records.close()
    digests.write(run)


def comparison(folder: Path) -> list[list[str]]:
    """Measure `arena compare` on two finished runs of 200 challenges x 5 repetitions with verified scores, with and
    without resampling."""
    for name in ("base", "tuned"):
        source = random.Random(name)

        def cell(source: random.Random = source) -> dict[str, object]:
            grades = [source.randint(2, 5) for _ in range(5)]
            return match(*grades, verified=verified(*(grade - source.randrange(2) for grade in grades)))

        cells = {f"c{number}": [cell() for _ in range(5)] for number in range(200)}
        finish(Made(folder / f"compare-{name}", padding=8000).write(cells))
    words = [sys.executable, "-m", "arena", "compare", str(folder / "compare-base"), str(folder / "compare-tuned")]
    rows = []
    for resamples in (10_000, 100):
        done = min((run([*words, "--resamples", str(resamples)]) for _ in range(3)), key=lambda ran: ran.cpu)
        rows.append([f"200 challenges x 5, {resamples:,} resamples", f"{done.seconds:.2f} s", f"{done.cpu:.2f} s",
                     f"{done.peak_mib:.0f} MiB"])  # fmt: skip
    return rows


def playing(folder: Path) -> str:
    """Measure matches without latency against a loop that only writes the same files."""
    (folder / "bare").mkdir()
    bare = bare_files(folder / "bare", 1000)
    small, _ = play(folder / "small", "talker", "none", 250)
    talker, talked = play(folder / "talker", "talker", "none", 1000)
    hasher, _ = play(folder / "hasher", "hasher", "process", 1000)
    rows = [["reference: the same files, nothing else", f"{bare:,.0f} turns/s", "", ""], small, talker, hasher]
    table = text_table(["12 turns + 1 judge call, one core", "speed", "peak memory", "disk a match"], rows)
    return f"{table}\n\nmock/talker against the reference: {12_000 / talked.seconds / bare:.2f}"


def processes(folder: Path) -> str:
    """Measure `--processes 2`."""
    cores = f"{MATCHES:,} matches, mock/talker, {os.cpu_count()} cores"
    return text_table([cores, "speed", "speed-up", "CPU"], in_processes(folder, MATCHES))


def start(folder: Path) -> str:
    """Measure the start of the command."""
    empty = starts([sys.executable, "-c", "pass"])
    shown = starts([sys.executable, "-m", "arena.run", "--help"])
    return f"--help: {shown:.0f} ms (an empty interpreter: {empty:.0f} ms)"


TABLES: Mapping[str, Callable[[Path], str]] = {
    "playing": playing,
    "processes": processes,
    "parts": lambda folder: "\n".join(part_lines(folder, 500, challenge_ids(CHALLENGES))),
    "families": lambda folder: "\n".join(family_lines(folder)),
    "verify": lambda folder: f"verify of the default mock run: {verifying(folder / 'default')}",
    "http": lambda folder: text_table(["against a local server", "speed", "share"], over_http(folder)),
    "compare": lambda folder: text_table(
        ["arena compare, 12 metrics, one core", "wall", "CPU", "peak memory"], comparison(folder)
    ),
    "report": lambda folder: "\n".join(report_lines(folder)),
    "start": start,
}
"""The tables, in the order in which they are printed."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure speed and size on this machine (docs/benchmarks.md).")
    parser.add_argument(
        "tables", nargs="*", metavar="TABLE", help=f"only these of {', '.join(TABLES)}; about 10 minutes"
    )
    parser.add_argument("--bare-http", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.bare_http is not None:
        print(bare_http(options.bare_http, 8.0))
        return 0
    unknown = [name for name in options.tables if name not in TABLES]
    if unknown:
        parser.error(f"no table {unknown[0]!r}; there are {', '.join(TABLES)}")
    folder = Path(tempfile.mkdtemp(prefix="arena-bench-"))
    try:
        for name, measure in TABLES.items():
            if not options.tables or name in options.tables:
                print(measure(folder), end="\n\n", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
