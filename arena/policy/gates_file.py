"""Gates file -> Policy. All mistakes in it are reported at once, each with its place; no mistake opens a gate.

docs/policy.md has the format; GATES_MODE and GATES_ENFORCEMENT override its mode and enforcement.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from arena.errors import ConfigError
from arena.formats import simpleyaml
from arena.formats.bounded import read_file, with_newlines
from arena.formats.strict_json import IssueList, child
from arena.formats.suggest import suggest
from arena.policy.condition_reading import read_condition
from arena.policy.gates import END_TRIAL, ON_DENY, REFUSE_REPLY, TOOL_ERROR
from arena.policy.limits import FLAGS
from arena.policy.rules import DEFAULT_RULE, MODES, STAGES, VERDICTS, Action, Policy, Rule
from arena.records import GateVerdict, Json
from arena.store.journal import encode_line

VERSION = 1
MODE_VARIABLE, ENFORCEMENT_VARIABLE = "GATES_MODE", "GATES_ENFORCEMENT"
ENFORCEMENT = ("enforce", "shadow")
CALLS: Mapping[str, tuple[str, ...]] = {"all": ("model", "tool"), "model": ("model",), "tool": ("tool",)}
LABELS = ("owasp", "atlas")
_TOP = ("version", "defaults", "pre_call", "post_call", "limits", "values", "description")
_RULE = (
    "id", "applies_if", "deny_if", "warn_if", "allow_if", "reason_code", "message", "on_deny", "calls",
    "fails_trial", "description", *LABELS,
)  # fmt: skip
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")


GATES_INPUT = "gates.yaml"
"""Name of the copy of the gates file in `inputs/` of a run."""


def load_policy(path: Path, environ: Mapping[str, str]) -> Policy:
    """Return the policy of a file. Errors: DataError with all mistakes; ConfigError for a variable."""
    return read_policy(policy_text(path), str(path), environ)


def policy_text(path: Path) -> str:
    """Return the text of a gates file; its lines end in a newline. Errors: DataError for what is not a text file."""
    data = read_file(path, simpleyaml.MAX_BYTES, "; --gates names the file")
    try:
        return with_newlines(data.decode("utf-8"))
    except UnicodeDecodeError:
        simpleyaml.load(path)  # which says where
        raise


def read_policy(text: str, file: str, environ: Mapping[str, str]) -> Policy:
    """Return the policy in a text. Errors: as of `load_policy`."""
    value, issues = simpleyaml.loads(text, file), IssueList(file)
    policy = _Reader(value, text, issues).policy(environ)
    issues.raise_if_any()
    return policy


def stored_policy(text: str, identity: Mapping[str, Json]) -> Policy:
    """Return the policy of a finished run: its gates file, in the mode that the run's identity names.

    Errors: as of `load_policy`; KeyError, TypeError for a malformed identity.
    """
    environ = {ENFORCEMENT_VARIABLE: "enforce" if identity["enforced"] else "shadow"}
    if identity["mode_source"] == MODE_VARIABLE:
        environ[MODE_VARIABLE] = identity["mode"]
    return replace(read_policy(text, f"inputs/{GATES_INPUT}", environ), name=str(identity["name"]))


def digest_of(value: Json, mode: str, shadow: bool) -> str:
    """Return 64 hex digits that identify a policy: the meaning of the file and the mode in which it is used."""
    return hashlib.sha256(b"arena-gates/1\0" + encode_line([value, mode, shadow])).hexdigest()


def check_keys(value: Mapping[str, Json], known: Iterable[str], pointer: str, issues: IssueList) -> None:
    """Make each unknown key of a map an issue."""
    names = tuple(known)
    for key in value:
        if issues.full:
            return
        if key not in names:
            there = ", ".join(names)
            issues.add(child(pointer, key), f"unknown key {key!r}{suggest(key, names)}; there are: {there}")


class _Reader:
    def __init__(self, value: Json, text: str, issues: IssueList) -> None:
        self.value, self.issues = value, issues
        self.text_of_file = text
        self.lines = _lines_of_ids(text)
        self.ids: dict[str, str] = {DEFAULT_RULE: "the default"}

    def policy(self, environ: Mapping[str, str]) -> Policy:
        top = self.mapping(self.value, "", "a gates file")
        check_keys(top, _TOP, "", self.issues)
        if top.get("version") != VERSION or isinstance(top.get("version"), bool):
            self.issues.add("/version", f"must be {VERSION}, not {top.get('version')!r}")
        mode, source = self.mode(top, environ)
        shadow = self.enforcement(top, environ) == "shadow"
        return Policy(
            rules={stage: self.rules(top, stage) for stage in STAGES.values()},
            mode=mode,
            mode_source=source,
            shadow=shadow,
            limits=self.limits(top),
            values=self.mapping(top.get("values"), "/values", "values"),
            digest=digest_of(top, mode, shadow),
            name=Path(self.issues.file).name,
            source=self.text_of_file,
        )

    def mapping(self, value: Json, pointer: str, what: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.issues.add(pointer, f"{what} must be a map, not {type(value).__name__}")
            return {}
        return value

    def mode(self, top: Mapping[str, Json], environ: Mapping[str, str]) -> tuple[str, str]:
        defaults = self.mapping(top.get("defaults"), "/defaults", "defaults")
        check_keys(defaults, ("mode", "enforcement"), "/defaults", self.issues)
        mode = defaults.get("mode", "allow")
        if not isinstance(mode, str) or mode not in MODES:
            self.issues.add("/defaults/mode", f"must be one of {', '.join(MODES)}, not {mode!r}")
            mode = "deny"
        said = environ.get(MODE_VARIABLE, "").strip()
        if said:
            if said not in MODES:
                raise ConfigError(f"{MODE_VARIABLE}={said}: must be one of {', '.join(MODES)}{suggest(said, MODES)}")
            return said, MODE_VARIABLE
        return mode, "file" if "mode" in defaults else "default"

    def enforcement(self, top: Mapping[str, Json], environ: Mapping[str, str]) -> str:
        defaults = self.mapping(top.get("defaults"), "/defaults", "defaults")
        said = environ.get(ENFORCEMENT_VARIABLE, "").strip()
        found = said or defaults.get("enforcement", "enforce")
        if found in ENFORCEMENT:
            return str(found)
        if said:
            known = ", ".join(ENFORCEMENT)
            raise ConfigError(f"{ENFORCEMENT_VARIABLE}={said}: must be one of {known}{suggest(said, ENFORCEMENT)}")
        self.issues.add("/defaults/enforcement", f"must be one of {', '.join(ENFORCEMENT)}, not {found!r}")
        return "enforce"

    def limits(self, top: Mapping[str, Json]) -> dict[str, int]:
        limits = self.mapping(top.get("limits"), "/limits", "limits")
        check_keys(limits, FLAGS, "/limits", self.issues)
        found: dict[str, int] = {}
        for name, bound in limits.items():
            if bound is None:
                continue
            if not isinstance(bound, int) or isinstance(bound, bool) or bound < 0:
                self.issues.add(child("/limits", name), f"must be a whole number from 0, not {bound!r}")
            else:
                found[name] = bound
        return found

    def rules(self, top: Mapping[str, Json], stage: str) -> tuple[Rule, ...]:
        listed = top.get(stage)
        if listed is None:
            return ()
        if not isinstance(listed, list):
            self.issues.add(f"/{stage}", "must be a list of rules")
            return ()
        return tuple(self.rule(one, f"/{stage}/{place}", stage) for place, one in enumerate(listed))

    def rule(self, value: Json, pointer: str, stage: str) -> Rule:
        rule = self.mapping(value, pointer, "a rule")
        check_keys(rule, _RULE, pointer, self.issues)
        name = self.id(rule, pointer)
        applies = read_condition(rule.get("applies_if"), f"{pointer}/applies_if", self.issues)
        actions = tuple(self.action(verdict, rule, name, pointer) for verdict in VERDICTS if f"{verdict}_if" in rule)
        if not actions:
            self.issues.add(pointer, "decides nothing: give deny_if, warn_if or allow_if")
        calls = rule.get("calls", "all")
        if not isinstance(calls, str) or calls not in CALLS:
            self.issues.add(f"{pointer}/calls", f"must be one of {', '.join(CALLS)}, not {calls!r}")
            calls = "all"
        fails = rule.get("fails_trial", False)
        if not isinstance(fails, bool):
            self.issues.add(f"{pointer}/fails_trial", "must be true or false")
        on_deny = self.on_deny(rule, pointer, stage, str(calls))
        labels = {name: found for name in LABELS if (found := self.label(rule, name, pointer))}
        return Rule(name, applies, actions, CALLS[calls], on_deny, fails is True, labels, self.lines.get(name, 0))

    def id(self, rule: Mapping[str, Json], pointer: str) -> str:
        name = rule.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            problem = "every rule needs one" if name is None else "letters, digits, _ . - after a letter"
            self.issues.add(f"{pointer}/id", f"no usable id ({name!r}): {problem}")
            return "?"
        if name in self.ids:
            self.issues.add(f"{pointer}/id", f"{name!r} is the id of {self.ids[name]} already")
        self.ids[name] = pointer
        return name

    def action(self, verdict: GateVerdict, rule: Mapping[str, Json], name: str, pointer: str) -> Action:
        value, pointer_if = rule[f"{verdict}_if"], f"{pointer}/{verdict}_if"
        base = self.text(rule, "reason_code", verdict, pointer)
        message = self.text(rule, "message", verdict, pointer, text_is_for=("deny",)) or ""
        if isinstance(rule.get("reason_code"), Mapping):
            code = base or (name if verdict == "deny" else f"{name}_{verdict}")
        else:
            code = (base or name) + ("" if verdict == "deny" else f"_{verdict}")
        condition = value
        if isinstance(value, Mapping) and "condition" in value:
            check_keys(value, ("condition", "reason_code", "message"), pointer_if, self.issues)
            condition, pointer_if = value["condition"], f"{pointer_if}/condition"
            code = self.text(value, "reason_code", verdict, f"{pointer}/{verdict}_if") or code
            message = self.text(value, "message", verdict, f"{pointer}/{verdict}_if") or message
        return Action(verdict, read_condition(condition, pointer_if, self.issues), code, message)

    def text(
        self,
        rule: Mapping[str, Json],
        key: str,
        verdict: str,
        pointer: str,
        text_is_for: Sequence[str] = VERDICTS,
    ) -> str | None:
        """Return a text of a rule for one action: given as text for `text_is_for`, or as a map by action."""
        value, where = rule.get(key), f"{pointer}/{key}"
        if isinstance(value, Mapping):
            check_keys(value, VERDICTS, where, self.issues)
            value, where = value.get(verdict), f"{where}/{verdict}"
        elif verdict not in text_is_for:
            return None
        if value is not None and (not isinstance(value, str) or not value):
            self.issues.add(where, f"must be a text, not {value!r}")
            return None
        return value

    def on_deny(self, rule: Mapping[str, Json], pointer: str, stage: str, calls: str) -> str:
        value, where = rule.get("on_deny", END_TRIAL), f"{pointer}/on_deny"
        if value not in ON_DENY:
            near = suggest(str(value), ON_DENY)
            self.issues.add(where, f"must be one of {', '.join(ON_DENY)}, not {value!r}{near}")
            return END_TRIAL
        if value == TOOL_ERROR and calls != "tool":
            self.issues.add(where, "only a tool call is answered with an error: add calls: tool")
        if value == REFUSE_REPLY and (calls != "model" or stage != "post_call"):
            self.issues.add(where, "only a reply can be withheld: put the rule into post_call, with calls: model")
        return str(value)

    def label(self, rule: Mapping[str, Json], name: str, pointer: str) -> tuple[str, ...]:
        return read_labels(rule.get(name), f"{pointer}/{name}", self.issues)


def read_labels(value: Json, pointer: str, issues: IssueList) -> tuple[str, ...]:
    """Return entries of a catalogue: a text or a list of texts."""
    entries = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) and one for one in entries):
        issues.add(pointer, "must be a text such as LLM01, or a list of texts")
        return ()
    return tuple(entries)


_ID_LINE = re.compile(r"^\s*(?:-\s+)?\{?\s*[\"']?id[\"']?:\s*[\"']?([A-Za-z][\w.-]*)")


def _lines_of_ids(text: str) -> dict[str, int]:
    """Return id -> the line (from 1) on which it first occurs as `id:`."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _ID_LINE.match(line)
        if match:
            found.setdefault(match[1], number)
    return found
