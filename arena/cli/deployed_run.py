"""A run whose players are deployed just for it: show the cost, deploy, play, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.cli.service_script import patience, say, shown_json
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.providers.jobs.deployment import PREFIX, Wanted, deployed, leftovers, remove
from arena.providers.jobs.fireworks import Fireworks
from arena.settings.places import DATA_ROOT

NOTES = DATA_ROOT / "state/deployments"


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A model to be deployed for one run. `block`: the block `deployment` of the defaults, changed by flags."""

    model: str
    out: Path
    block: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The deployment's id: from model and run directory, so that a second call finds the first one's."""
        return PREFIX + hashlib.sha256(f"{self.model}\0{self.out.resolve()}".encode()).hexdigest()[:16]

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            id=self.id,
            model=self.model,
            replicas=int(self.block["replicas"]),
            accelerator=str(self.block["accelerator_type"]),
            accelerators=int(self.block["accelerator_count"]),
        )

    def per_hour(self) -> float:
        """Return the dollars of an hour: accelerators of all replicas."""
        count = self.block["replicas"] * self.block["accelerator_count"]
        return float(count * self.block["dollars_per_accelerator_hour"])

    def cost_line(self) -> str:
        return (
            f"{self.id}: {self.block['replicas']} replicas of {self.block['accelerator_count']}"
            f" {self.block['accelerator_type']}, {self.per_hour():.2f} dollars an hour, by the price in the defaults,"
            " from when it is ready until it is deleted"
        )

    def player(self, account: str) -> str:
        """Return the model name that reaches the deployment (Fireworks documentation, "Querying deployments")."""
        return f"{self.model}#accounts/{account}/deployments/{self.id}"


def play(service: Fireworks, plan: DeployedModel, words: Sequence[str], run: Callable[[Sequence[str]], int]) -> int:
    """Deploy, run with `words` and the deployed model, delete; return the run's exit code, 1 where deleting failed.

    The deployment is always deleted, also after an error, Ctrl-C or SIGTERM.
    """
    say(plan.cost_line())
    notes: list[str] = []

    def warn(line: str) -> None:
        notes.append(line)
        say(line)

    waiting = patience(10.0, 60.0 * plan.block["ready_within_minutes"])
    with deployed(service, plan.wanted, NOTES, waiting, warn):
        resume = ["--resume"] if (plan.out / "manifest.json").exists() and "--resume" not in words else []
        model = ["--participant-provider", "fireworks", "--participant-model", plan.player(service.account)]
        code = run([*words, *model, "--out", str(plan.out), *resume])
    return code or (EXIT_ERRORS if notes else EXIT_OK)


def show_requests(plan: DeployedModel, account: str, words: Sequence[str]) -> None:
    """Print the requests that would be sent."""
    wanted = plan.wanted
    print(f"POST /v1/accounts/{account}/deployments?deploymentId={wanted.id}\n{shown_json(wanted.about())}")
    print(f"GET /v1/accounts/{account}/deployments/{wanted.id} until READY")
    print(f"arena run {' '.join(words)} --participant-model {plan.player(account)} --out {plan.out}")
    print(f"DELETE /v1/accounts/{account}/deployments/{wanted.id}?ignoreChecks=true")


def refuse_leftovers(service: Fireworks, own: Sequence[str]) -> None:
    """Raise UsageError if an earlier run left a deployment behind that is not in `own`."""
    found = {one: state for one, state in leftovers(service, NOTES).items() if one not in own}
    if found:
        listed = "".join(f"\n  {one} ({state})" for one, state in found.items())
        raise UsageError(f"deployments of earlier runs are still there and cost money:{listed}\ndelete them: --cleanup")


def clean_up(service: Fireworks) -> int:
    """Delete all deployments that earlier runs left behind; return 1 if that failed."""
    found = leftovers(service, NOTES)
    gone = [one for one in found if remove(service, one, NOTES, say)]
    print(f"deleted {len(gone)} of {len(found)} deployments" + "".join(f"\n  {one}" for one in gone))
    return EXIT_OK if len(gone) == len(found) else EXIT_ERRORS
