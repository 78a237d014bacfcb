"""Why a resume is refused, in the user's words: which flags and files have changed since the start.

Differences that only follow from a flag (digests, the plan) are not reported. `--verbose` lists every member that
differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena import __version__
from arena.families.spec import FamilySpec
from arena.records import Json
from arena.settings.config import Config
from arena.settings.table import Setting
from arena.store.manifest import Identity, Manifest
from arena.store.rundir import differences

_PAIRS = {"participant_provider": "participant_model", "judge_provider": "judge_model"}
"""Settings that a user gives as one: provider/model."""

_TOOL_SETTINGS = frozenset({"calculator_provider", "tool_text", "tool_calls", "op_families", "max_tool_calls_per_turn"})
_POLICY_VARIABLES = {"mode": "GATES_MODE", "enforced": "GATES_ENFORCEMENT"}
_ELSE = "or start another --out"


@dataclass(frozen=True, slots=True)
class Changed:
    """A run directory, and the run that was requested for it."""

    manifest: Manifest
    wanted: Identity
    config: Config
    spec: FamilySpec

    def refusal(self, path: Path) -> str | None:
        """Return the message that refuses the resume; None if it is the same run."""
        raw = list(differences(self.manifest.identity.to_json(), self.wanted.to_json()))
        if not raw:
            return None
        told = list(self.causes())
        verbose = bool(self.config.get("verbose"))
        lines = [*told, *(raw if verbose or not told else ["--verbose lists every member that differs"])]
        head = f"--resume: the run in {path} was started otherwise; nothing was played"
        return "\n  ".join([head, *lines])

    def causes(self) -> Iterator[str]:
        """Yield a sentence for each difference: changed by the user, or changed in a file or in the code since the
        start."""
        old, new = self.manifest.identity, self.wanted
        if old.family != new.family:
            yield (
                f"it is a run of the family {old.family}, and this command plays {new.family}: use the command of"
                f" {old.family}, {_ELSE}"
            )
            return
        changed = [row.name for row in self.config.table if row.part == "identity" and self._differs(row.name)]
        told = [*self._settings(changed), *self._files(changed), *self._policy(changed), *self._tools(changed)]
        told += self._versions()
        yield from told or self._other_rules()

    def _differs(self, name: str) -> bool:
        return self.manifest.identity.settings.get(name) != self.wanted.settings.get(name)

    def _settings(self, changed: Sequence[str]) -> Iterator[str]:
        rows = {row.name: row for row in self.config.table}
        names = dict.fromkeys(_PAIRS.get(name, name) for name in changed)
        for name in names:
            yield self._setting(rows[name])

    def _setting(self, row: Setting) -> str:
        """Return the outcome of one setting, and what to do about it."""
        was, now = (self._said(row, part.settings) for part in (self.manifest.identity, self.wanted))
        source = self.config.source.get(row.name, "default")
        by = "" if source == "default" or source.startswith("--") else f" (by {source})"
        said = f"you changed {row.flags[0]}{by}: was {was or 'not given'}, now {now or 'not given'}"
        return f"{said}; {self._remedy(row, was, source)}, {_ELSE}"

    def _remedy(self, row: Setting, was: str | None, source: str) -> str:
        """Return how to give the setting the value that the run was started with."""
        value = self.manifest.identity.settings.get(row.name)
        if source != "default" and (was is None or value == row.default):
            where = source.rpartition(" ")[2]
            if source.startswith("environment "):
                return f"unset {where}"
            return f"take it out of {'.env' if source.startswith('.env') else where}" if by_file(source) else "drop it"
        if row.kind == "path":
            return f"give that file again with {row.flags[0]}"
        return f"give {_as_typed(row, value, was or '')}"

    def _said(self, row: Setting, settings: Mapping[str, Json]) -> str | None:
        """Return the value of a setting as a user would write it; None if it is not given and has no default."""
        value = settings.get(row.name)
        provider = next((first for first, second in _PAIRS.items() if second == row.name), None)
        if provider is not None and settings.get(provider):
            return f"{settings[provider]}/{value}" if value else str(settings[provider])
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, dict):
            value = [f"{role}={model}" for role, model in value.items()]
        if isinstance(value, list):
            return ",".join(str(part) for part in value) or None
        return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    def _files(self, changed: Sequence[str]) -> Iterator[str]:
        """Yield the files whose content has changed while their names have not."""
        rows = {row.name: row for row in self.config.table}
        found: dict[str, None] = {}
        for rule, settings in self.spec.rule_files.items():
            if self._rule_differs(rule) and not set(settings) & set(changed) and self.config.get(settings[0]):
                found[settings[0]] = None
        for name in found:
            yield f"{rows[name].flags[0]} {self.config[name]}: its content was changed; put it back, {_ELSE}"
        old, new = self.manifest.identity.models.files, self.wanted.models.files
        for label in old:
            if label in new and old[label] != new[label]:
                yield f"the file of {label} was changed; put it back, {_ELSE}"
        if self.manifest.identity.source != self.wanted.source:
            yield f"the run that is judged again is another one, or was changed; name the one it was, {_ELSE}"

    def _policy(self, changed: Sequence[str]) -> Iterator[str]:
        old, new = self.manifest.identity.policy, self.wanted.policy
        if old == new or "gates" in changed:
            return
        had, has = ("sha256" in one for one in (old, new))
        if had != has:
            yield (
                f"it was played under the policy {_plain(old.get('name'))}: give that with --gates, {_ELSE}"
                if had
                else f"it was played without a policy: omit --gates, {_ELSE}"
            )
            return
        modes = [member for member in _POLICY_VARIABLES if old.get(member) != new.get(member)]
        for member in modes:
            yield (
                f"{_POLICY_VARIABLES[member]}, or the policy itself: {member} was {_plain(old.get(member))}, now"
                f" {_plain(new.get(member))}; set it as it was, {_ELSE}"
            )
        if not modes:
            file = self.config.get("gates")
            what = "the policy of the gates" if file is None else f"--gates {file}: its content"
            yield f"{what} was changed; put it back, {_ELSE}"

    def _tools(self, changed: Sequence[str]) -> Iterator[str]:
        old, new = self.manifest.identity, self.wanted
        if _TOOL_SETTINGS & set(changed):
            return
        if old.calculator != new.calculator:
            yield f"the calculator is another version, with other ops; build the one of the run, {_ELSE}"
        elif old.tools_sha256 != new.tools_sha256:
            yield f"the description of the calculator for players differs; {self._version()}"

    def _versions(self) -> Iterator[str]:
        """Yield the differences caused by another version of the arena or of a model's API."""
        old, new = self.manifest.identity, self.wanted
        names = [name for name in {**old.rules, **new.rules} if _is_version(name) and self._rule_differs(name)]
        if old.tool_protocol != new.tool_protocol:
            names.append("tool_protocol")
        if names:
            yield f"{_listed(names)} of another version of the arena; {self._version()}"
        for label, version in old.models.api_versions.items():
            now = new.models.api_versions.get(label)
            if now is not None and now != version:
                yield f"{label}: the version of its API was {version}, now {now}; set it as it was, {_ELSE}"

    def _other_rules(self) -> Iterator[str]:
        names = [name for name in {**self.manifest.identity.rules, **self.wanted.rules} if self._rule_differs(name)]
        if names:
            yield f"{_listed(names)} differ from those of the run; {self._version()}"

    def _rule_differs(self, name: str) -> bool:
        return self.manifest.identity.rules.get(name) != self.wanted.rules.get(name)

    def _version(self) -> str:
        of_run = self.manifest.arena_version
        if of_run == __version__:
            return f"resume with the code that started the run (also {of_run}), {_ELSE}"
        return f"resume with arena {of_run}, which started the run (this is {__version__}), {_ELSE}"


def by_file(source: str) -> bool:
    """Return whether a setting's value came from a file."""
    return source.startswith((".env ", "config file "))


def _as_typed(row: Setting, value: Json, said: str) -> str:
    """Return the flag that gives a setting a value."""
    flag = row.flags[0]
    if isinstance(value, bool):
        return flag if value else f"--no-{flag.removeprefix('--')}"
    if isinstance(value, dict):
        return " ".join(f"{flag} {role}={model}" for role, model in value.items())
    return f"{flag} {said}"


def _is_version(rule: str) -> bool:
    return rule.endswith("_version") or rule in ("rubric", "verified_rule")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.removesuffix("_sha256").removesuffix("_version").replace("_", " ") for name in names)


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else str(value)
