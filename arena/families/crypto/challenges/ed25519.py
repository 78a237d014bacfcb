"""Ed25519 signatures (RFC 8032, section 5.1), for the values that a trial draws. Pure.

Nothing here runs in constant time: keys of drawn values are no secrets of anybody's.
"""

from __future__ import annotations

import functools
import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, -1, PRIME) % PRIME
_BASE_Y = 4 * pow(5, -1, PRIME) % PRIME

Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""


def _base_x() -> int:
    """Return the even x of the base point, by the root of section 5.1.3 of the RFC."""
    square = (_BASE_Y * _BASE_Y - 1) * pow(CURVE_D * _BASE_Y * _BASE_Y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return x if x % 2 == 0 else PRIME - x


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points (section 5.1.4); complete, so it doubles as well."""
    left = (a[1] - a[0]) * (b[1] - b[0]) % PRIME
    right = (a[1] + a[0]) * (b[1] + b[0]) % PRIME
    cross = 2 * a[3] * b[3] * CURVE_D % PRIME
    height = 2 * a[2] * b[2] % PRIME
    e, f, g, h = right - left, height - cross, height + cross, right + left
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


_BASE: Point = (_base_x(), _BASE_Y, 1, _base_x() * _BASE_Y % PRIME)
ZERO: Point = (0, 1, 1, 0)


@functools.cache
def _multiples() -> tuple[tuple[Point, ...], ...]:
    """Return, for each of the 64 places of a scalar in base 16, the base point times 0 to 15 times 16^place.

    Built at the first use: 960 sums, as many as three multiplications without the table.
    """
    table, power = [], _BASE
    for _ in range(64):
        row = [ZERO]
        for _ in range(15):
            row.append(add(row[-1], power))
        table.append(tuple(row))
        power = add(row[-1], power)
    return tuple(table)


def _times_base(scalar: int) -> bytes:
    """Return a multiple of the base point, encoded; the scalar is below 2^256."""
    found = ZERO
    for place, row in enumerate(_multiples()):
        found = add(found, row[scalar >> 4 * place & 15])
    inverse = pow(found[2], -1, PRIME)
    x, y = found[0] * inverse % PRIME, found[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def _expanded(secret: bytes) -> tuple[int, bytes]:
    """Return the scalar and the prefix of a secret key of 32 bytes (section 5.1.5)."""
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (2**254 - 8) | 2**254, digest[32:]


@functools.lru_cache(maxsize=256)
def public_key(secret: bytes) -> bytes:
    """Return the public key of a secret key of 32 bytes; a trial signs with a key whose public half it also shows."""
    return _times_base(_expanded(secret)[0])


def sign(secret: bytes, message: bytes) -> bytes:
    """Return the signature of a message, 64 bytes, under a secret key of 32 bytes."""
    scalar, prefix = _expanded(secret)
    once = _number(prefix, message)
    shown = _times_base(once)
    challenge = _number(shown, public_key(secret), message)
    return shown + ((once + challenge * scalar) % ORDER).to_bytes(32, "little")
