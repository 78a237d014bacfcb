"""A headless Firefox for tests, steered over its Marionette protocol: no driver, no library.

    with firefox(tmp_path) as browser:
        browser.go(path.as_uri())
        assert browser.js("document.title") == "..." and browser.problems() == []

Marionette: messages are `length:JSON` over TCP; a command is [0, number, name, parameters], its answer
[1, number, error, result]. https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html. Firefox chooses a
free port and writes it to `MarionetteActivePort` in its profile.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

NAMES = ("firefox-esr", "firefox")
HOW_TO_GET = "no Firefox here: apt-get install firefox-esr (Debian), or put firefox on PATH"
TIMEOUT_S = 300.0

_PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    # Whatever is not on this machine is sent to a port on which nothing listens.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}
_SCHEME = "layout.css.prefers-color-scheme.content-override"
_PAGE_MESSAGES = """
return Services.console.getMessageArray()
  .filter(m => m instanceof Ci.nsIScriptError && m.sourceName.startsWith("file:"))
  .map(m => m.errorMessage);
"""


def find() -> str | None:
    """Return the path of a Firefox, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Firefox:
    """A running browser with one tab."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rb")
        self._connection = connection
        self._number = 0
        self._receive()  # the greeting
        self.send("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})

    def _receive(self) -> Any:
        length = b""
        while (one := self._stream.read(1)) != b":":
            if not one:
                raise AssertionError("Firefox closed the connection")
            length += one
        return json.loads(self._stream.read(int(length)))

    def send(self, name: str, **parameters: Any) -> Any:
        """Send a command and return its result. Raises AssertionError if Firefox refuses it."""
        self._number += 1
        data = json.dumps([0, self._number, name, parameters]).encode()
        self._connection.sendall(b"%d:%b" % (len(data), data))
        kind, number, error, result = self._receive()
        assert (kind, number) == (1, self._number)
        if error:
            raise AssertionError(f"{name}: {error}")
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def go(self, url: str) -> None:
        """Load a URL and wait until it has loaded."""
        self._privileged("Services.console.reset();")
        self.send("WebDriver:Navigate", url=url)

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page and return its value."""
        return self.send("WebDriver:ExecuteScript", script=f"return ({expression});", args=[])

    def _privileged(self, script: str, args: Sequence[Any] = ()) -> Any:
        self.send("Marionette:SetContext", value="chrome")
        try:
            return self.send("WebDriver:ExecuteScript", script=script, args=list(args))
        finally:
            self.send("Marionette:SetContext", value="content")

    def problems(self) -> list[str]:
        """Return the errors that the page has caused: uncaught ones, and what its policy of contents refused."""
        found: list[str] = self._privileged(_PAGE_MESSAGES)
        return found

    def view(self, width: int, height: int, dark: bool = False) -> None:
        """Give the page this width and height and the colour scheme."""
        self._privileged(f"Services.prefs.setIntPref('{_SCHEME}', {0 if dark else 1});")
        # No window is as narrow as a phone, but the part that shows the page can be.
        self._privileged("gBrowser.selectedBrowser.style.cssText = `max-width: ${arguments[0]}px`;", [width])
        for _ in range(2):  # the frame of the window is known after the first time
            frame = self.js("[outerWidth - innerWidth, outerHeight - innerHeight]")
            self.send("WebDriver:SetWindowRect", width=max(width + frame[0], 600), height=height + frame[1])

    def keys(self, *keys: str) -> None:
        """Press keys one after the other; named ones by their WebDriver code (Tab is \\ue004, Enter \\ue007)."""
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": presses}])

    def click(self, selector: str) -> None:
        """Click on an element."""
        element = self.send("WebDriver:FindElement", using="css selector", value=selector)
        self.send("WebDriver:ElementClick", id=next(iter(element.values())))

    def screenshot(self, path: Path) -> Path:
        """Write a PNG of the window."""
        path.write_bytes(base64.b64decode(self.send("WebDriver:TakeScreenshot", full=False)))
        return path


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + TIMEOUT_S
    told = profile / "MarionetteActivePort"
    while time.monotonic() < end:
        assert process.poll() is None, f"Firefox ended with {process.returncode}"
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(told.read_text())
        time.sleep(0.05)
    raise AssertionError(f"Firefox named no port within {TIMEOUT_S:.0f} s")


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start a Firefox with a fresh profile below `folder`, and end it."""
    found = find()
    assert found is not None, HOW_TO_GET
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            [found, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access",
             "--profile", str(profile)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
    try:
        with socket.create_connection(("127.0.0.1", _port(profile, process)), timeout=TIMEOUT_S) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
