"""Results of some ops of the calculator, computed here for draws of the kind `made`. Pure.

A stamp, a seal or a ticket that a role receives must exist before the match, also in runs without a calculator. Each
function follows the definition that the calculator's catalogue names; a test compares all of them with the calculator.
Arguments have the calculator's form: bytes are lower-case hex, or text after `utf8:`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence

from arena.families.crypto.challenges.ed25519 import public_key, sign
from arena.records import Json

MAX_STEPS = 10_000
"""Most steps of a hash chain: few enough to draw thousands of chains."""
_COMMITMENT = b"crypto_calculator/commit_hash/v1"
"""Label of the calculator's `commit_hash`: SHA-256(this | length of the context in 8 bytes | context | nonce | msg)."""


class NotMade(ValueError):
    """Unusable arguments; the message says why."""


def as_bytes(value: Json) -> bytes:
    """Return the bytes that an argument of the type bytes encodes. Errors: NotMade."""
    if not isinstance(value, str):
        raise NotMade(f"expected hex, or text after utf8:, found {repr(value)[:60]}")
    if value.startswith("utf8:"):
        return value[5:].encode()
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise NotMade(f"{value[:40]!r} is not hex; put utf8: in front of a text") from None


def _exactly(value: Json, size: int) -> bytes:
    found = as_bytes(value)
    if len(found) != size:
        raise NotMade(f"expected {size} bytes, found {len(found)}")
    return found


def _hash(args: Mapping[str, Json]) -> Json:
    return hashlib.sha256(as_bytes(args["data"])).hexdigest()


def _hmac(args: Mapping[str, Json]) -> Json:
    return hmac.digest(as_bytes(args["key"]), as_bytes(args["data"]), hashlib.sha256).hex()


def _commit_hash(args: Mapping[str, Json]) -> Json:
    nonce, context = _exactly(args["nonce"], 32), as_bytes(args["context"])
    parts = (_COMMITMENT, len(context).to_bytes(8, "big"), context, nonce, as_bytes(args["msg"]))
    return {"commitment": hashlib.sha256(b"".join(parts)).hexdigest(), "nonce": nonce.hex()}


def _ed25519_sign(args: Mapping[str, Json]) -> Json:
    secret = _exactly(args["sk"], 32)
    return {"sig": sign(secret, as_bytes(args["msg"])).hex(), "pk": public_key(secret).hex()}


def _ed25519_key(args: Mapping[str, Json]) -> Json:
    secret = _exactly(args["sk"], 32)
    as_bytes(args["msg"])  # as strict as signing, which is most of the work
    return public_key(secret).hex()


def _hash_chain(args: Mapping[str, Json]) -> Json:
    steps = args["n"]
    if type(steps) is not int or not 0 <= steps <= MAX_STEPS:
        raise NotMade(f"expected a whole number of steps from 0 to {MAX_STEPS:,}, found {steps!r}")
    found = as_bytes(args["seed"])
    for _ in range(steps):
        found = hashlib.sha256(found).digest()
    return found.hex()


def _merkle_root(args: Mapping[str, Json]) -> Json:
    """Return the root of a tree (RFC 6962, section 2.1). With `sort` the leaves are sorted by their bytes, without
    repetitions."""
    leaves, sort = args["leaves"], args["sort"]
    if not isinstance(leaves, list) or not isinstance(sort, bool):
        raise NotMade("expected a list of leaves, and true or false under sort")
    found = [as_bytes(leaf) for leaf in leaves]
    return _root(sorted(set(found)) if sort else found).hex()


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0]).digest() if leaves else hashlib.sha256(b"").digest()
    left = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + _root(leaves[:left]) + _root(leaves[left:])).digest()


OPS: Mapping[str, tuple[frozenset[str], Callable[[Mapping[str, Json]], Json]]] = {
    "hash": (frozenset({"data"}), _hash),
    "hmac": (frozenset({"key", "data"}), _hmac),
    "commit_hash": (frozenset({"msg", "nonce", "context"}), _commit_hash),
    "ed25519_sign": (frozenset({"sk", "msg"}), _ed25519_sign),
    "hash_chain": (frozenset({"seed", "n"}), _hash_chain),
    "merkle_root": (frozenset({"leaves", "sort"}), _merkle_root),
}
"""Op -> its required arguments, and its result."""

MEMBERS: Mapping[tuple[str, str], Callable[[Mapping[str, Json]], Json]] = {("ed25519_sign", "pk"): _ed25519_key}
"""(Op, a member of its result) -> a function for that member alone, where the whole result takes longer."""
