"""A headless Chromium that opens one page: its console, its document, clicks and pictures."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --remote-debugging-pipe"
).split()
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
# Chromium reads commands from descriptor 3 and answers on 4.
LAUNCH = (
    "import os, sys; a, b = int(sys.argv[1]), int(sys.argv[2]); os.dup2(a, 3); os.dup2(b, 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)


class Browser:
    """Speaks the DevTools protocol over a pipe; no package beyond the standard library."""

    def __init__(self, width=1400, height=1000, has_webgl=True):
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        if chromium is None:
            raise RuntimeError("this test needs Chromium: apt-get install chromium")
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, answers = os.pipe(), os.pipe()
        # High numbers, so that moving them to 3 and 4 cannot overwrite one of them.
        given = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (commands[0], answers[1])]
        extra = WEBGL if has_webgl else ("--disable-3d-apis",)
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *map(str, given), chromium, *FLAGS, *extra,
             f"--user-data-dir={self.home.name}", "about:blank"],
            pass_fds=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for fd in (commands[0], answers[1], *given):
            os.close(fd)
        self.commands, self.answers = commands[1], answers[0]
        self.count, self.rest, self.session = 0, b"", None
        self.events = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        os.close(self.answers)
        self.process.terminate()
        self.process.wait(20)
        self.home.cleanup()

    def resize(self, width, height, scale=1):
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=scale, mobile=False)  # fmt: skip

    def open(self, path, anchor=""):
        # By way of an empty page: another anchor alone would not load the file anew.
        self._call("Page.navigate", url="about:blank")
        self.until("location.href === 'about:blank' && document.readyState === 'complete'")
        self.events.clear()
        self._call("Page.navigate", url=f"{path.resolve().as_uri()}{anchor}")
        self.until("location.protocol === 'file:' && document.readyState === 'complete'")

    def value(self, expression):
        """What an expression is in the page; an exception there fails the test."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True,
                            awaitPromise=True)  # fmt: skip
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, expression, seconds=20):
        end = time.monotonic() + seconds
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"never came true in the page: {expression}; {self.problems}")
            time.sleep(0.03)

    def picture(self, path=None, whole=True):
        data = self._call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        if path is not None:
            path.write_bytes(base64.b64decode(data))
        return base64.b64decode(data)

    def picture_of(self, selector):
        """What is seen of one element, as a PNG."""
        where = "{block: 'center', behavior: 'instant'}"
        self.value(f"document.querySelector('{selector}').scrollIntoView({where})")
        self.settle()
        box = self.value(
            f"(() => {{ const b = document.querySelector('{selector}').getBoundingClientRect();"
            "return {x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height,"
            "scale: 1}; })()"
        )
        data = self._call("Page.captureScreenshot", clip=box)["data"]
        return base64.b64decode(data)

    def settle(self):
        """Wait until what was asked for has been drawn."""
        self.value(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def print_to(self, path):
        data = self._call("Page.printToPDF", printBackground=False)["data"]
        path.write_bytes(base64.b64decode(data))

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key)

    @property
    def requests(self):
        """Addresses that the page asked for, other than itself."""
        asked = [e["params"]["request"]["url"] for e in self.events
                 if e["method"] == "Network.requestWillBeSent"]  # fmt: skip
        return [a for a in asked if not a.startswith(("file:", "data:", "about:", "blob:"))]

    @property
    def problems(self):
        """Exceptions, console messages and log entries, less notes of the graphics driver."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            if event["method"] == "Runtime.consoleAPICalled":
                found.append(str(event["params"]["args"]))
            if event["method"] == "Log.entryAdded":
                found.append(event["params"]["entry"]["text"])
        return [text for text in found if "GL Driver Message (OpenGL, Performance" not in text]

    def _call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") != self.count:
                self.events.append(answer)
            elif "error" in answer:
                raise AssertionError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def _read(self, seconds=60):
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], seconds)[0]:
                raise AssertionError(f"Chromium did not answer within {seconds} s")
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise AssertionError("Chromium ended; is another copy or a sandbox in the way?")
            self.rest += data
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)
