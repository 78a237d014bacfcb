"""A headless Chromium for tests and benchmarks, steered over the DevTools protocol through a pipe: no port, no library.

    with browser(tmp_path) as chromium:
        page = chromium.open(path.as_uri())
        assert page.js("document.title") == "..." and page.problems == []

Chrome DevTools Protocol: messages are JSON with a NUL at the end, in on descriptor 3 and out on 4
(`--remote-debugging-pipe`); https://chromedevtools.github.io/devtools-protocol/ names the methods.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW_TO_GET = "no Chromium here: apt-get install chromium (Debian, Ubuntu), or put chromium or google-chrome on PATH"
TIMEOUT_S = 60.0

FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb", "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Gone(AssertionError):
    """The browser ended or did not answer in time."""


@dataclass
class Page:
    """One tab. `requests`: every URL that was asked for; `problems`: console errors, exceptions, blocked loads."""

    chromium: Chromium
    session: str
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    loaded: int = 0

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self.chromium.send(method, params, self.session)

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page and return its value, for a promise the resolved one."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
                           userGesture=True)  # fmt: skip
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def go(self, url: str) -> None:
        """Load a URL and wait until it has loaded."""
        before = self.loaded
        self.send("Page.navigate", url=url)
        self.chromium.wait(lambda: self.loaded > before, f"{url} to load")

    def click(self, selector: str) -> None:
        """Click on the middle of an element with the mouse."""
        place = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); "
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def key(self, key: str, code: int) -> None:
        """Press a key, such as Tab (9) or Enter (13)."""
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def view(self, width: int, height: int, dark: bool = False, scale: float = 1.0) -> None:
        """Set the size of the window and the colour scheme."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=width < 600)  # fmt: skip
        wanted = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=wanted)

    def screenshot(self, path: Path, whole: bool = False) -> Path:
        """Write a PNG of the window, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def pdf(self, path: Path) -> Path:
        """Print to a PDF."""
        path.write_bytes(base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"]))
        return path


class Chromium:
    """A running browser."""

    def __init__(self, process: subprocess.Popen[bytes], into: int, out: int) -> None:
        self._process, self._into, self._out = process, into, out
        self._buffer = b""
        self._number = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.pages: dict[str, Page] = {}

    def send(self, method: str, params: Mapping[str, Any], session: str | None = None) -> dict[str, Any]:
        """Send a command and return its result. Raises AssertionError if Chromium refuses it."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._into, json.dumps(message).encode() + b"\0")
        self.wait(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        found: dict[str, Any] = answer["result"]
        return found

    def wait(self, done: Any, what: str) -> None:
        """Read messages until `done()`."""
        end = time.monotonic() + TIMEOUT_S
        while not done():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._out], [], [], left)[0]:
                raise Gone(f"waited {TIMEOUT_S:.0f} s for {what}")
            data = os.read(self._out, 1 << 20)
            if not data:
                raise Gone(f"Chromium ended (exit code {self._process.poll()}) while waiting for {what}")
            *whole, self._buffer = (self._buffer + data).split(b"\0")
            for message in whole:
                self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
            return
        page = self.pages.get(message.get("sessionId", ""))
        if page is None:
            return
        method, params = message["method"], message["params"]
        if method == "Page.loadEventFired":
            page.loaded += 1
        elif method == "Network.requestWillBeSent":
            page.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            page.problems.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            page.problems.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded":
            page.problems.append(f"{params['entry']['level']}: {params['entry']['text']}")

    def tab(self) -> Page:
        """Open an empty tab that is listened to."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        page.view(1280, 900)
        return page

    def open(self, url: str) -> Page:
        """Open a URL in its own tab."""
        page = self.tab()
        page.go(url)
        return page


@contextlib.contextmanager
def browser(folder: Path, name: str | None = None) -> Iterator[Chromium]:
    """Start a Chromium with a fresh profile below `folder`, and end it."""
    found = name or find()
    assert found is not None, HOW_TO_GET
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()

    def connect() -> None:
        # The two ends first go where neither can be overwritten by the other.
        first, second = os.dup2(theirs_in, 100), os.dup2(theirs_out, 101)
        os.dup2(first, 3)
        os.dup2(second, 4)

    words = [found, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
    if os.geteuid() == 0:
        words.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False,
                                   preexec_fn=connect)  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Chromium(process, ours_in, ours_out)
    finally:
        os.close(ours_in)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours_out)
