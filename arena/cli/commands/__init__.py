"""The commands, one file each, and the table of them.

A command is `parser()`, which declares its flags, and `run(options, console) -> exit code`, which calls one function of
engine/ or analysis/ and prints the result. Does not belong here: calculations; the process's arguments and streams,
signals and errors (arena/cli/entry.py handles them for all commands). A new command is one file and one row below.
Start with the file named like the command.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One command: the module that offers `parser` and `run`, and one line for `arena --help`.

    The module is text, so that `arena --help` imports no command.
    """

    module: str
    summary: str


COMMANDS: dict[str, Command] = {
    "run": Command("arena.cli.commands.run", "play the challenge set: agents negotiate, compute and are judged"),
    "risk": Command("arena.cli.commands.risk", "attack an agent that has tools, under a policy: run, report, check"),
    "cheaptalk": Command("arena.cli.commands.cheaptalk.command", "a sender talks to a receiver: does honesty pay?"),
    "runs": Command("arena.cli.commands.runs", "list the runs under state/runs"),
    "show": Command("arena.cli.commands.show", "print one trial of a run as a conversation"),
    "report": Command("arena.cli.commands.report", "write an HTML page about one or several runs"),
    "compare": Command("arena.cli.commands.compare", "test whether the tuned run is better than the base run"),
    "merge": Command("arena.cli.commands.merge", "merge the shards of one run"),
    "verify": Command("arena.cli.commands.verify", "check that nobody changed a finished run"),
    "check": Command("arena.cli.commands.check", "check a run against thresholds: OK, WARN or FAIL"),
    "leaderboard": Command("arena.cli.commands.leaderboard", "rank runs that may be ranked together"),
    "export": Command("arena.cli.commands.export", "write a run as a leaderboard result or a data set"),
    "rejudge": Command("arena.cli.commands.rejudge", "score a finished run again: by judges, or by its own rules"),
    "calibrate": Command("arena.cli.commands.calibrate", "measure which faults a judge notices"),
    "challenges": Command("arena.cli.commands.challenges", "lint, list, show, render, count or try out challenges"),
    "dataset": Command("arena.cli.commands.dataset", "make training data from challenges and runs, and audit them"),
    "policy": Command("arena.cli.commands.policy", "test, lint or compare the policies of gates and evaluators"),
    "build": Command("arena.cli.commands.build", "build the calculator with cargo, as the first run does"),
    "doctor": Command("arena.cli.commands.doctor", "check that everything a run needs is in place"),
}
"""Name on the command line -> Command, in the order of the help."""
