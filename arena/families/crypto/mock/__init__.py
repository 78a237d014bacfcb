"""Mock players and judges of the crypto family: deterministic, without a network.

provider.py lists the models, player.py writes messages, judge.py grades by counting. docs/mock-models.md has the rules.
Does not belong here: anything that reads a trial's plan; a mock sees only its prompt. Start with provider.py.
"""
