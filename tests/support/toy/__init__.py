"""A toy family that uses everything the contract offers.

It has series, its own tools with a state, a schedule with private turns and fresh samples, a cast, a judge, values on
two scales, facts, gates. Tests of the engine and of everything after a run play it, so that no test depends on the
crypto family alone.
"""
