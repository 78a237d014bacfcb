"""A toy family that uses everything the contract offers.

Series, own tools with a state, a schedule with private turns and fresh samples, a cast, a judge, values on two scales,
facts, gates. Tests of the engine and of everything after a run play it, so that nothing is proven by the crypto family
alone.
"""
