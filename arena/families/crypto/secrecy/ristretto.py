"""Points of ristretto255 (RFC 9496), read and written, to try candidates of a small number against a point. Pure.

Nothing here runs in constant time: it is used on public values only.
"""

from __future__ import annotations

from functools import lru_cache

from arena.families.crypto.challenges.ed25519 import CURVE_D, ORDER, PRIME, ZERO, Point, add

_ROOT = pow(2, (PRIME - 1) // 4, PRIME)
"""A square root of -1 (section 4.1)."""

GENERATOR = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
"""Section 4: the generator, written."""


def _root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """Return whether u/v is a square, and the root of u/v or of its multiple by the root of -1 (section 4.2)."""
    cube = v * v * v % PRIME
    found = u * cube * pow(u * cube * cube * v % PRIME, (PRIME - 5) // 8, PRIME) % PRIME
    check = v * found * found % PRIME
    right, turned, turned_root = check == u % PRIME, check == -u % PRIME, check == -u * _ROOT % PRIME
    if turned or turned_root:
        found = found * _ROOT % PRIME
    return right or turned, PRIME - found if found & 1 else found


_INVERSE_ROOT = _root_of_ratio(1, (-1 - CURVE_D) % PRIME)[1]


def read(text: str) -> Point | None:
    """Return the point that 64 hex digits encode; None if they encode none (section 4.3.1)."""
    try:
        s = int.from_bytes(bytes.fromhex(text), "little")
    except ValueError:
        return None
    if len(text) != 64 or s >= PRIME or s & 1:
        return None
    square = s * s % PRIME
    u1, u2 = (1 - square) % PRIME, (1 + square) % PRIME
    v = (-CURVE_D * u1 * u1 - u2 * u2) % PRIME
    good, inverse = _root_of_ratio(1, v * u2 * u2 % PRIME)
    den_x = inverse * u2 % PRIME
    den_y = inverse * den_x * v % PRIME
    x = 2 * s * den_x % PRIME
    x = PRIME - x if x & 1 else x
    y = u1 * den_y % PRIME
    t = x * y % PRIME
    return None if not good or t & 1 or y == 0 else (x, y, 1, t)


def write(point: Point) -> str:
    """Return a point as 64 hex digits (section 4.3.2)."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % PRIME, x0 * y0 % PRIME
    _, inverse = _root_of_ratio(1, u1 * u2 * u2 % PRIME)
    den1, den2 = inverse * u1 % PRIME, inverse * u2 % PRIME
    z_inverse = den1 * den2 * t0 % PRIME
    rotated = (t0 * z_inverse % PRIME) & 1
    x, y = (y0 * _ROOT % PRIME, x0 * _ROOT % PRIME) if rotated else (x0, y0)
    den = den1 * _INVERSE_ROOT % PRIME if rotated else den2
    if (x * z_inverse % PRIME) & 1:
        y = PRIME - y
    s = den * (z0 - y) % PRIME
    return (PRIME - s if s & 1 else s).to_bytes(32, "little").hex()


@lru_cache(maxsize=64)
def _powers(text: str) -> tuple[Point, ...] | None:
    """Return a point times 1, 2, 4 ... 2^252."""
    point = read(text)
    if point is None:
        return None
    found = [point]
    while len(found) < 253:
        found.append(add(found[-1], found[-1]))
    return tuple(found)


def times(text: str, scalar: int) -> Point | None:
    """Return a multiple of the point that 64 hex digits encode; None if they encode none."""
    powers = _powers(text)
    if powers is None:
        return None
    found, scalar, place = ZERO, scalar % ORDER, 0
    while scalar:
        if scalar & 1:
            found = add(found, powers[place])
        scalar >>= 1
        place += 1
    return found
