"""What the process provides to a run: environment, stop event, where messages go."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from arena.cli.console import Console
from arena.engine.build import ProcessContext
from arena.settings.config import Config


def process_context(
    config: Config, console: Console, words: Sequence[str] = (), command: str = "arena"
) -> ProcessContext:
    """Return the context of a run. `resume with:` repeats `words` after `python3 -m` and `command`."""
    live = console.live and not console.quiet
    return ProcessContext(
        config.environ, config.root, threading.Event(), console.notify, console.warn, tuple(words), command, live
    )
