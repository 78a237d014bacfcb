"""The statistics against published values and their own limits."""

from __future__ import annotations

import pytest

from arena.stats import wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (15, 148, 0.0624, 0.1605),
        (81, 263, 0.2553, 0.3662),
        (20, 20, 0.8389, 1.0000),
    ],
)  # fmt: skip
def test_wilson_gives_the_intervals_of_newcombe_1998(successes: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3; the last row by symmetry."""
    found = wilson(successes, n)
    assert found is not None
    assert found[0] == pytest.approx(low, abs=6e-5) and found[1] == pytest.approx(high, abs=6e-5)


def test_wilson_of_nothing_is_nothing_and_of_the_impossible_refused() -> None:
    assert wilson(0, 0) is None
    with pytest.raises(ValueError):
        wilson(3, 2)
