"""Ed25519 signatures (RFC 8032, section 5.1) for the values that a trial draws. Pure.

Nothing here runs in constant time: the keys of drawn values need no protection.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence

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


_DIGIT_BITS = 7
_PLACES = -(-257 // _DIGIT_BITS)
_LARGEST = 1 << _DIGIT_BITS - 1
_LOWEST_DIGIT = (1 << _DIGIT_BITS) - 1
_LOW_BITS = 2**255 - 1
Ready = tuple[int, int, int]
"""A point with Z = 1 in the form in which it is added: y - x, y + x, 2 d x y."""


@functools.cache
def _multiples() -> tuple[tuple[Ready, ...], ...]:
    """Return, for each place of a scalar in base 128, the base point times 1 to 64 times 128^place.

    Digits go from -63 to 64: a negative one takes the point of the positive, negated. The table is built at the first
    use, which takes as long as a hundred multiplications.
    """
    points, power = [], _BASE
    for _ in range(_PLACES):
        row = [power]
        while len(row) < _LARGEST:
            row.append(add(row[-1], power))
        points += row
        power = add(row[-1], row[-1])
    ready = _ready(points)
    return tuple(tuple(ready[at : at + _LARGEST]) for at in range(0, len(ready), _LARGEST))


def _ready(points: Sequence[Point]) -> list[Ready]:
    """Return points in the form in which they are added.

    One inversion serves all: the inverse of one Z follows from that of the product of all Z.
    """
    products = [1]
    for point in points:
        products.append(products[-1] * point[2] % PRIME)
    inverse, found = pow(products[-1], -1, PRIME), []
    for point, before in zip(reversed(points), reversed(products[:-1]), strict=True):
        z = inverse * before % PRIME
        inverse = inverse * point[2] % PRIME
        x, y = point[0] * z % PRIME, point[1] * z % PRIME
        found.append(((y - x) % PRIME, (y + x) % PRIME, 2 * CURVE_D * x * y % PRIME))
    return found[::-1]


def _times_base(scalar: int) -> bytes:
    """Return a multiple of the base point, encoded; the scalar is below 2^256."""
    x, y, z, t = ZERO
    for row in _multiples():
        digit = scalar & _LOWEST_DIGIT
        scalar >>= _DIGIT_BITS
        if digit > _LARGEST:
            digit -= _LOWEST_DIGIT + 1
            scalar += 1
        if not digit:
            continue
        if digit > 0:
            minus, plus, product = row[digit - 1]
        else:
            plus, minus, product = row[-digit - 1]
            product = -product
        # A sum as in `add`. Its first products are only shortened, which is faster than a remainder: 2^255 leaves 19.
        left, right, cross, height = (y - x) * minus, (y + x) * plus, t * product, 2 * z
        e, h = right - left, right + left
        e, h, cross = (
            (e & _LOW_BITS) + 19 * (e >> 255),
            (h & _LOW_BITS) + 19 * (h >> 255),
            (cross & _LOW_BITS) + 19 * (cross >> 255),
        )
        f, g = height - cross, height + cross
        x, y, z, t = e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME
    inverse = pow(z, -1, PRIME)
    x, y = x * inverse % PRIME, y * inverse % PRIME
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
