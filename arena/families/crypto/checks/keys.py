"""The secret inputs of a call: its keys and openings. Pure.

A call protects nothing if everybody knows them. A signature under a key that everybody has does not show who signed. A
mask with a known number hides nothing. A value that is posted together with its opening is revealed, not fixed. So the
result of a call counts only if its keys are not public, and are not among those that everybody tries first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from arena.families.crypto.checks.op_kinds import COMMITS, MASKS, PROVES, SEALS, SHARES, SIGNS
from arena.records import Json

KEY_ARGUMENTS = frozenset({
    "sk", "key", "k", "r", "blind", "msk", "sk_ephemeral", "hiding_nonce", "binding_nonce", "nonce", "seed", "password",
})  # fmt: skip
"""Argument names under which the calculator's ops take a key, or the random part of what they make."""

KEYS_OF: Mapping[str, frozenset[str]] = {
    "aead_encrypt": frozenset({"key"}),
    "ot_sender_send": frozenset({"a"}),
    "timelock_make": frozenset(),
    "share_refresh": frozenset(),
}
"""Op -> its key arguments, if they differ from KEY_ARGUMENTS: the nonce of a seal, for example, is public."""

UNTIL_USED = frozenset({SIGNS, PROVES, MASKS})
"""Kinds whose key must be unknown until somebody relies on them. A key may open a seal or a commitment later, but not
at the time of posting."""

UNTIL_POSTED = frozenset({SEALS, COMMITS})

DERIVING = frozenset({
    "x25519", "ecdh", "hkdf", "hash", "hmac", "scalar_op", "encode", "decode", "int_to_bytes", "bytes_to_int",
    "hash_to_int", "expand_message", "modadd", "modmul", "sealed_open", "aead_decrypt", "hpke_open", "rsa_decrypt",
    "ibe_decrypt",
})  # fmt: skip
"""Deterministic ops. Anybody who has the codes in their arguments can compute the result."""

PUBLIC_WORDS = frozenset({"context", "info", "dst", "aad", "label", "G", "fn", "alg", "to", "from", "kem", "endian"})

MIN_BYTES = 8


def guessable(code: str) -> bool:
    """Return whether a hex code would be guessed first: it has at most two different bytes, or its bytes count up or
    down."""
    low = code.lower()
    if len(low) < 2 * MIN_BYTES or len(low) % 2:
        return False
    try:
        data = bytes.fromhex(low)
    except ValueError:
        return False
    # Of 8 random bytes, at most 2 different ones occur once in 2^40.
    steps = {(after - before) % 256 for before, after in zip(data, data[1:], strict=False)}
    return len(set(data)) <= 2 or len(steps) == 1


def keys_of(op: str, kind: str, args: Json, result: Json) -> Iterator[Json]:
    """Yield the arguments and the parts of the result that must be unknown if the call is to protect anything."""
    if not isinstance(args, dict) or kind not in UNTIL_USED | UNTIL_POSTED:
        return
    for name in KEYS_OF.get(op, KEY_ARGUMENTS) & args.keys():
        if not (name == "nonce" and kind != COMMITS):
            yield args[name]
    if isinstance(result, dict):
        if kind == COMMITS:
            yield from (result[name] for name in ("nonce", "r") if name in result)
        elif "secret" in result and kind != SHARES:
            yield result["secret"]


def random_parts(kind: str, args: Json) -> Iterator[Json]:
    """Yield the arguments of a commitment that must be random and unknown: the committed value and its randomness."""
    if kind == COMMITS and isinstance(args, dict):
        yield from (value for name, value in args.items() if name not in PUBLIC_WORDS)


def derived_from(op: str, args: Json) -> Iterable[Json] | None:
    """Return the arguments that determine the result of an op, or None if chance or anything other than codes affects
    it."""
    if op not in DERIVING or not isinstance(args, dict):
        return None
    return [value for name, value in args.items() if name not in PUBLIC_WORDS]
