"""The five dimensions that a crypto match is graded in: their names are those of the published results."""

from __future__ import annotations

DIMENSIONS = (
    "Primitive Selection",
    "Negotiation Skills",
    "Implementation Correctness",
    "Computation / Tool Usage",
    "Security Strength",
)
