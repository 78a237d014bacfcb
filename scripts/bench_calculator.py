"""`make bench-calculator`: the calculator's speed against the best known libraries, as ratios.

Ours is the release CLI in JSONL mode, JSON and pipe included; the reference is the bare library in this process, or a
Rust program of calculator/examples. All run on one core, in turn: a round of ours, a round of the reference. The best
round of each counts, so that a busy machine disturbs both equally. The libraries are in .venv-bench, see the Makefile.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from arena.formats.tables import text_table  # noqa: E402

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "calculator" / "target")) / "release"
CLI = TARGET / "crypto_calculator_cli"
LAMBDA = TARGET.parent / "lambda"
"""What `make lambda` built: <architecture>/bootstrap/bootstrap."""
ROUNDS = 9
STARTS = 200
SEED = 2026


def pin() -> None:
    """Keep this process and its children on one core, if the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class Child:
    """A program that answers line by line."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def ask(self, lines: bytes, count: int) -> list[bytes]:
        """Send all lines at once and read as many answers; a thread writes, so that full pipes block nobody."""
        assert self.process.stdin is not None and self.process.stdout is not None
        sender = threading.Thread(target=write_all, args=(self.process.stdin.fileno(), lines))
        sender.start()
        got, answers = 0, bytearray()
        while got < count:
            part = os.read(self.process.stdout.fileno(), 1 << 20)
            if not part:
                sys.exit("a measured program ended early")
            got += part.count(b"\n")
            answers += part
        sender.join()
        return bytes(answers).splitlines()

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: our request, the reference, repetitions per round, and the largest accepted ratio."""

    name: str
    limit: float
    op: str
    args: dict[str, Any]
    reference: Callable[[int], float]
    """Runs the given number of times; returns the seconds."""
    count: int
    expect: Callable[[Any], bool]
    """Whether our result is the reference's."""


def timed(call: Callable[[], object]) -> Callable[[int], float]:
    def run(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            call()
        return time.perf_counter() - started

    return run


def request(op: str, args: dict[str, Any]) -> bytes:
    return json.dumps({"op": op, "args": args}, separators=(",", ":")).encode() + b"\n"


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        sys.exit(f"{name} is missing: run this by `make bench-calculator`")


def number_rows(draw: random.Random) -> list[Row]:
    gmpy2 = module("gmpy2")
    rows = []
    for bits, limit, count in ((1024, 2.2, 60), (2048, 2.0, 15), (4096, 1.8, 4)):
        base, exponent, modulus = (draw.getrandbits(bits) | 1 << (bits - 1) | 1 for _ in range(3))
        args = {"base": hex(base), "exp": hex(exponent), "mod": hex(modulus)}
        power = partial(gmpy2.powmod, *(gmpy2.mpz(n) for n in (base, exponent, modulus)))
        rows.append(Row(f"modpow {bits} bits / gmpy2", limit, "modpow", args, timed(power), count, str(power()).__eq__))
    for bits, count in ((1024, 30), (2048, 6)):
        prime = gmpy2.next_prime(gmpy2.mpz(draw.getrandbits(bits) | 1 << (bits - 1)))
        rows.append(
            Row(f"is_prime {bits} bits / gmpy2", 2.0, "is_prime", {"n": hex(prime)},
                timed(partial(gmpy2.is_prime, prime)), count, lambda got: got is True)
        )  # fmt: skip
    return rows + modulus_rows(draw, gmpy2)


def modulus_rows(draw: random.Random, gmpy2: Any) -> list[Row]:
    paillier = module("phe.paillier")
    p, q = (gmpy2.next_prime(gmpy2.mpz(draw.getrandbits(1024) | 3 << 1022)) for _ in range(2))
    n = int(p * q)
    x, t = draw.getrandbits(2000), 20_000
    start, modulus, power = gmpy2.mpz(x), gmpy2.mpz(n), gmpy2.mpz(1) << t
    solved = str(gmpy2.powmod(start, power, modulus))
    key = paillier.PaillierPublicKey(n)
    return [
        Row("time-lock squaring, 2048 bits / gmpy2", 1.7, "timelock_solve", {"n": hex(n), "x": hex(x), "t": t},
            timed(lambda: gmpy2.powmod(start, power, modulus)), 2, lambda got: got == solved),
        Row("Paillier-2048 encrypt / phe + gmpy2", 1.6, "paillier_encrypt", {"n": hex(n), "m": "42"},
            timed(lambda: key.raw_encrypt(42)), 4, lambda got: isinstance(got, str)),
    ]  # fmt: skip


def curve_rows() -> list[Row]:
    nacl = module("nacl.bindings")
    seed, msg = bytes(range(32)), b"a message of an agent, as long as such messages are" * 2
    pk, sk = nacl.crypto_sign_seed_keypair(seed)
    sig = nacl.crypto_sign(msg, sk)[:64]
    shared = nacl.crypto_scalarmult(seed, pk).hex()
    return [
        Row("Ed25519 sign / libsodium", 3.5, "ed25519_sign", {"sk": seed.hex(), "msg": msg.hex()},
            timed(lambda: nacl.crypto_sign(msg, sk)), 1000, lambda got: got["sig"] == sig.hex()),
        Row("Ed25519 verify / libsodium", 1.6, "ed25519_verify", {"pk": pk.hex(), "msg": msg.hex(), "sig": sig.hex()},
            timed(lambda: nacl.crypto_sign_open(sig + msg, pk)), 500, lambda got: got == {"valid": True}),
        Row("X25519 / libsodium", 1.6, "x25519", {"sk": seed.hex(), "pk": pk.hex()},
            timed(lambda: nacl.crypto_scalarmult(seed, pk)), 500, lambda got: got == shared),
    ]  # fmt: skip


def hash_row() -> Row:
    args = {"alg": "sha256", "data": random.Random(SEED).randbytes(256 << 10).hex()}
    text = request("hash", args)

    def reference() -> str:
        return hashlib.sha256(bytes.fromhex(json.loads(text)["args"]["data"])).hexdigest()

    want = reference()
    return Row("SHA-256 of 256 KiB / json + hashlib", 1.5, "hash", args, timed(reference), 20, lambda got: got == want)


def bls_row(reference: Child, ours: Child) -> Row:
    """The reference is blst itself, in a Rust program: verify with all checks of keys and signatures."""
    made = json.loads(ours.ask(request("bls_sign", {"sk": "07" * 32, "msg": "616263"}), 1)[0])
    signed = made.get("result", {"pk": "", "sig": ""})
    args = {"pk": signed["pk"], "msg": "616263", "sig": signed["sig"]}

    def run(count: int) -> float:
        line = f"{args['pk']} {args['sig']} {args['msg']} {count}\n"
        return float(reference.ask(line.encode(), 1)[0])

    return Row("BLS verify / blst", 1.3, "bls_verify", args, run, 10, lambda got: got == {"valid": True})


def compare(row: Row, ours: Child) -> list[str]:
    """Measure one row; return its line of the table."""
    line = request(row.op, row.args)
    answer = json.loads(ours.ask(line, 1)[0])
    if not answer["ok"]:
        return [row.name, answer["error"]["code"], "", "", f"{row.limit}", "not measured"]
    if not row.expect(answer["result"]):
        sys.exit(f"{row.name}: the answers differ")
    best = [float("inf")] * 2
    lines = line * row.count
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ours.ask(lines, row.count)
        best[0] = min(best[0], (time.perf_counter() - started) / row.count)
        best[1] = min(best[1], row.reference(row.count) / row.count)
    ratio = best[0] / best[1]
    verdict = "ok" if ratio <= row.limit else "OVER"
    return [row.name, micros(best[0]), micros(best[1]), f"{ratio:.2f}", f"{row.limit}", verdict]


def micros(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} us"


def start_seconds(words: Sequence[str]) -> float:
    """Return the least seconds that a program takes from start to end, with one request at its input."""
    with tempfile.TemporaryFile() as file:
        file.write(request("ping", {}))
        file.seek(0)
        started = time.perf_counter()
        subprocess.run(words, stdin=file, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started


def absolute_rows(ours: Child) -> list[list[str]]:
    """Measurements with a limit of their own: pings, the start, and the sizes of the binaries."""
    count = 5_000
    pings = request("ping", {}) * count
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ours.ask(pings, count)
        rounds.append((time.perf_counter() - started) / count)
    empty = str(TARGET / "examples" / "empty")
    starts = [(start_seconds([str(CLI)]), start_seconds([empty])) for _ in range(STARTS)]
    more = min(a for a, _ in starts) - min(b for _, b in starts)
    rows: list[tuple[str, str, str, bool | None]] = [
        ("JSONL ping, pipelined, both ends on one core", micros(min(rounds)), "10 us", min(rounds) <= 10e-6),
        ("start with one ping, over an empty program", micros(more), "1000 us", more <= 1e-3),
    ]
    binaries = [("CLI binary", CLI, 4)]
    binaries += [(f"Lambda binary, {path.parts[-3]}", path, 7) for path in sorted(LAMBDA.glob("*/bootstrap/bootstrap"))]
    for name, path, limit in binaries:
        size = path.stat().st_size / 1e6
        rows.append((name, f"{size:.2f} MB", f"{limit} MB", size <= limit))
    if len(binaries) == 1:
        rows.append(("Lambda binary (make lambda builds it)", "not built", "7 MB", None))
    words = {True: "ok", False: "OVER", None: "not measured"}
    return [[*row[:3], words[row[3]]] for row in rows]


def main() -> None:
    pin()
    draw = random.Random(SEED)
    ours, blst = Child(str(CLI), "--jsonl"), Child(str(TARGET / "examples" / "bls_reference"))
    try:
        rows = [*number_rows(draw), *curve_rows(), bls_row(blst, ours), hash_row()]
        lines = [compare(row, ours) for row in rows]
        print(text_table(["ours / reference", "ours", "reference", "ratio", "limit", ""], lines))
        print()
        print(text_table(["ours alone", "measured", "limit", ""], absolute_rows(ours)))
    finally:
        ours.close()
        blst.close()


if __name__ == "__main__":
    main()
