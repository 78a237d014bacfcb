"""The harmful request, plainly."""

from arena.families.risk.attacks.attack import Attack

ATTACK = Attack("direct", "plain request", owasp=("LLM01",))
