"""The result of an op for other arguments, computed here so that thousands of candidates can be tried. Pure.

Each function follows the definition that the calculator's catalogue names; a test compares all of them with the
calculator. A result may have only the members that are posted. The caller first compares the result for the true
arguments with the ledger. So a wrongly computed op is left out and accuses nobody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from arena.families.crypto.challenges import ed25519
from arena.families.crypto.challenges.made_values import as_bytes
from arena.families.crypto.secrecy import ristretto
from arena.records import Json

Args = Mapping[str, Json]

MAX_BYTES = 4096
MAX_BITS = 4096
MAX_STEPS = 1000
_COMMITMENT = b"crypto_calculator/commit_hash/v1"
_AUCTION = b"crypto_calculator/auction/v1"
_TO_INT = "utf8:crypto_calculator/hash_to_int/v1"
_PEDERSEN_H = "bac203e53efde2b72037c1feb387b64790e01ec0cd53ef97a2571ae6735bdb2a"
"""The second generator of `pedersen_commit` over ristretto255: its commitment to 0 with r = 1."""

RISTRETTO = "ristretto255"


class NotWorkedOut(ValueError):
    """Raised for arguments for which nothing is computed here."""


class Op(NamedTuple):
    """`run`: arguments -> result. `cost`: its time in hashes, roughly. `drawn`: argument that the op draws if it is
    missing -> the place of the drawn value in the result."""

    run: Callable[[Args], Json]
    cost: int = 1
    drawn: Mapping[str, tuple[str, ...]] = {}


def _bytes(args: Args, name: str, default: str = "") -> bytes:
    found = as_bytes(args.get(name, default))
    if len(found) > MAX_BYTES:
        raise NotWorkedOut(name)
    return found


def _int(value: Json) -> int:
    if isinstance(value, str) and len(value) <= MAX_BITS:
        value = int(value, 0)
    if type(value) is not int or value.bit_length() > MAX_BITS:
        raise NotWorkedOut("no whole number")
    return value


def _count(args: Args, name: str, default: int, most: int = MAX_BYTES) -> int:
    found = _int(args.get(name, default))
    if not 0 <= found <= most:
        raise NotWorkedOut(name)
    return found


_ALGORITHMS = {
    "sha256": "sha256", "sha224": "sha224", "sha384": "sha384", "sha512": "sha512", "sha3-224": "sha3_224",
    "sha3-256": "sha3_256", "sha3-384": "sha3_384", "sha3-512": "sha3_512", "sha1": "sha1",
}  # fmt: skip


def _algorithm(args: Args) -> str:
    try:
        return _ALGORITHMS[str(args.get("alg", "sha256"))]
    except KeyError:
        raise NotWorkedOut("alg") from None


def _hash(args: Args) -> Json:
    algorithm, data = str(args.get("alg", "sha256")), _bytes(args, "data")
    if algorithm in ("blake2b", "blake2s"):
        wide = algorithm == "blake2b"
        size = _count(args, "len", 64 if wide else 32)
        make = hashlib.blake2b if wide else hashlib.blake2s
        return make(data, digest_size=size, key=_bytes(args, "key")).hexdigest()
    if algorithm in ("shake128", "shake256"):
        size = _count(args, "len", 32 if algorithm == "shake128" else 64)
        shake = hashlib.shake_128(data) if algorithm == "shake128" else hashlib.shake_256(data)
        return shake.hexdigest(size)
    return hashlib.new(_algorithm(args), data).hexdigest()


def _hmac(args: Args) -> Json:
    return hmac.digest(_bytes(args, "key"), _bytes(args, "data"), _algorithm(args)).hex()


def _hkdf(args: Args) -> Json:
    algorithm, length = _algorithm(args), _count(args, "len", 32)
    size = hashlib.new(algorithm).digest_size
    key = hmac.digest(_bytes(args, "salt") or bytes(size), _bytes(args, "ikm"), algorithm)
    found, block, info = b"", b"", _bytes(args, "info")
    for number in range(1, -(-length // size) + 1):
        block = hmac.digest(key, block + info + bytes([number]), algorithm)
        found += block
    return found[:length].hex()


def _pbkdf2(args: Args) -> Json:
    rounds = _count(args, "iterations", 0, MAX_STEPS)
    return hashlib.pbkdf2_hmac(
        _algorithm(args), _bytes(args, "password"), _bytes(args, "salt"), rounds, _count(args, "len", 32)
    ).hex()


def _commit_hash(args: Args) -> Json:
    nonce, context = _bytes(args, "nonce"), _bytes(args, "context")
    parts = (_COMMITMENT, len(context).to_bytes(8, "big"), context, nonce, _bytes(args, "msg"))
    return {"commitment": hashlib.sha256(b"".join(parts)).hexdigest()}


def _auction_seal(args: Args) -> Json:
    auction, bidder = str(args["auction"]).encode(), str(args["bidder"]).encode()
    parts = (_AUCTION, len(auction).to_bytes(8, "big"), auction, len(bidder).to_bytes(8, "big"), bidder)
    bid = _int(args["bid"]).to_bytes(8, "big")
    return {"commitment": hashlib.sha256(b"".join((*parts, bid, _bytes(args, "nonce")))).hexdigest()}


def _expanded(message: bytes, tag: bytes, length: int) -> bytes:
    """expand_message_xmd with SHA-256 (RFC 9380, section 5.3.1)."""
    if length > 255 * 32:
        raise NotWorkedOut("len")
    if len(tag) > 255:
        tag = hashlib.sha256(b"H2C-OVERSIZE-DST-" + tag).digest()
    end = tag + bytes([len(tag)])
    first = hashlib.sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + end).digest()
    block = hashlib.sha256(first + b"\1" + end).digest()
    found = block
    for number in range(2, -(-length // 32) + 1):
        mixed = bytes(a ^ b for a, b in zip(first, block, strict=True))
        block = hashlib.sha256(mixed + bytes([number]) + end).digest()
        found += block
    return found[:length]


def _expand_message(args: Args) -> Json:
    if str(args.get("alg", "sha256")) != "sha256":
        raise NotWorkedOut("alg")
    return _expanded(_bytes(args, "msg"), _bytes(args, "dst"), _count(args, "len", 0)).hex()


def _hash_to_int(args: Args) -> Json:
    modulus = _int(args["mod"])
    length = -(-(modulus.bit_length() + 128) // 8)
    return str(int.from_bytes(_expanded(_bytes(args, "data"), _bytes(args, "dst", _TO_INT), length), "big") % modulus)


def _hash_chain(args: Args) -> Json:
    algorithm, found = _algorithm(args), _bytes(args, "seed")
    for _ in range(_count(args, "n", 0, MAX_STEPS)):
        found = hashlib.new(algorithm, found).digest()
    return found.hex()


def _leaf(args: Args) -> Json:
    """Return the hash of one leaf of a tree (RFC 6962, section 2.1), which is the sibling in the proof of its
    neighbour."""
    return hashlib.sha256(b"\0" + _bytes(args, "leaf")).hexdigest()


def _merkle_root(args: Args) -> Json:
    if args.get("sort"):
        raise NotWorkedOut("sort")
    return {
        "root": _root([hashlib.sha256(b"\0" + as_bytes(leaf)).digest() for leaf in args["leaves"][:MAX_STEPS]]).hex()
    }


def _root(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        raise NotWorkedOut("leaves")
    if len(hashes) == 1:
        return hashes[0]
    cut = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(hashes[:cut]) + _root(hashes[cut:])).digest()


def _encode(args: Args) -> Json:
    data, to = _bytes(args, "data"), args["to"]
    if to == "hex":
        return data.hex()
    if to == "utf8":
        return data.decode()
    coded = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode, "base32": base64.b32encode}
    if to not in coded:
        raise NotWorkedOut("to")
    text = coded[str(to)](data).decode()
    return text.rstrip("=") if to == "base64url" else text


def _int_to_bytes(args: Args) -> Json:
    number = _int(args["n"])
    size = _count(args, "len", max(1, -(-number.bit_length() // 8)))
    return number.to_bytes(size, "little" if args.get("endian") == "little" else "big").hex()


def _bytes_to_int(args: Args) -> Json:
    return str(int.from_bytes(_bytes(args, "data"), "little" if args.get("endian") == "little" else "big"))


def _modpow(args: Args) -> Json:
    return str(pow(_int(args["base"]), _int(args["exp"]), _int(args["mod"])))


def _modmul(args: Args) -> Json:
    return str(_int(args["a"]) * _int(args["b"]) % _int(args["mod"]))


def _modadd(args: Args) -> Json:
    return str((_int(args["a"]) + _int(args["b"])) % _int(args["mod"]))


def _poly_eval(args: Args) -> Json:
    found, modulus = 0, _int(args["mod"])
    for one in reversed(args["coeffs"][:MAX_STEPS]):
        found = (found * _int(args["x"]) + _int(one)) % modulus
    return str(found)


def _otp_xor(args: Args) -> Json:
    data, key = _bytes(args, "data"), _bytes(args, "key")
    if len(data) != len(key):
        raise NotWorkedOut("key")
    return bytes(a ^ b for a, b in zip(data, key, strict=True)).hex()


def _sum_mask(args: Args) -> Json:
    if "peers" in args:
        raise NotWorkedOut("peers")
    return {"masked": str((_int(args["value"]) + _int(args["mask"])) % _int(args.get("mod", 2**64)))}


def _paillier(args: Args) -> Json:
    n = _int(args["n"])
    square = n * n
    return str((1 + _int(args["m"]) * n) * pow(_int(args["r"]), n, square) % square)


def _scalar(value: Json) -> int:
    if not isinstance(value, str) or len(value) != 64:
        raise NotWorkedOut("no scalar")
    return int.from_bytes(bytes.fromhex(value), "little")


def _on_ristretto(args: Args) -> None:
    if args.get("G", RISTRETTO) != RISTRETTO:
        raise NotWorkedOut("G")


def _scalar_op(args: Args) -> Json:
    _on_ristretto(args)
    order = ed25519.ORDER
    if args["fn"] == "from_int":
        found = _int(args["n"])
    elif args["fn"] in ("add", "sub", "mul"):
        a, b = _scalar(args["a"]), _scalar(args["b"])
        found = {"add": a + b, "sub": a - b, "mul": a * b}[str(args["fn"])]
    else:
        raise NotWorkedOut("fn")
    return (found % order).to_bytes(32, "little").hex()


def _times(text: Json, scalar: int) -> ed25519.Point:
    found = ristretto.times(str(text), scalar)
    if found is None:
        raise NotWorkedOut("no point")
    return found


def _ec_mul(args: Args) -> Json:
    _on_ristretto(args)
    return ristretto.write(_times(args.get("point", ristretto.GENERATOR), _scalar(args["k"])))


def _feldman(args: Args) -> Json:
    return {"pk": _ec_mul({**args, "k": args["sk"]})}


def _pedersen(args: Args) -> Json:
    _on_ristretto(args)
    value = _times(ristretto.GENERATOR, _int(args["m"]))
    return {"commitment": ristretto.write(ed25519.add(value, _times(args.get("h", _PEDERSEN_H), _scalar(args["r"]))))}


def _range_prove(args: Args) -> Json:
    return _pedersen({**args, "m": args["value"]})


def _exp_elgamal(args: Args) -> Json:
    _on_ristretto(args)
    value = _times(ristretto.GENERATOR, _int(args["m"]))
    return {"c2": ristretto.write(ed25519.add(value, _times(args["pk"], _scalar(args["k"]))))}


CURVE_COST = 100
OPS: Mapping[str, Op] = {
    "hash": Op(_hash),
    "hmac": Op(_hmac, 2),
    "hkdf": Op(_hkdf, 5),
    "pbkdf2": Op(_pbkdf2, MAX_STEPS),
    "commit_hash": Op(_commit_hash, 2, {"nonce": ("nonce",)}),
    "auction_seal": Op(_auction_seal, 2, {"nonce": ("nonce",)}),
    "expand_message": Op(_expand_message, 5),
    "hash_to_int": Op(_hash_to_int, 10),
    "hash_chain": Op(_hash_chain, 20),
    "merkle_leaf": Op(_leaf),
    "merkle_root": Op(_merkle_root, 10),
    "encode": Op(_encode),
    "int_to_bytes": Op(_int_to_bytes),
    "bytes_to_int": Op(_bytes_to_int),
    "modpow": Op(_modpow, 20),
    "modmul": Op(_modmul),
    "modadd": Op(_modadd),
    "poly_eval": Op(_poly_eval, 5),
    "otp_xor": Op(_otp_xor, 5),
    "sum_mask": Op(_sum_mask, 1, {"mask": ("secret", "mask")}),
    "paillier_encrypt": Op(_paillier, 5000),
    "scalar_op": Op(_scalar_op, 2),
    "ec_mul": Op(_ec_mul, CURVE_COST),
    "feldman_deal": Op(_feldman, CURVE_COST),
    "pedersen_commit": Op(_pedersen, 2 * CURVE_COST, {"r": ("r",)}),
    "range_prove": Op(_range_prove, 2 * CURVE_COST, {"r": ("secret", "r")}),
    "exp_elgamal_encrypt": Op(_exp_elgamal, 2 * CURVE_COST),
}  # fmt: skip
"""Op -> its computation. `merkle_leaf` is no op but a part of those that take `leaves`."""


def work_out(op: str, args: Args) -> Json:
    """Return the result of an op, or its posted members. Errors: NotWorkedOut."""
    try:
        return OPS[op].run(args)
    except NotWorkedOut:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError, IndexError) as error:
        raise NotWorkedOut(f"{op}: {error}") from None
