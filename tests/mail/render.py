"""Shows every email in Chromium, on a phone and on a desk, by day and by night, and looks for what is ugly.

Usage: render.py EMAILS SCREENSHOTS [CHROMIUM]

EMAILS holds .html files, as `perennial check-config --emails` writes them. Each must fit the width of the screen, ask
nobody for anything, and be readable: no text with a contrast below 4.5, nothing to press that a thumb would miss.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCREENS = {"phone": 390, "desk": 1280}
SCHEMES = ["light", "dark"]

LOOK = r"""
(() => {
  const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const complaints = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!words || getComputedStyle(element).fontSize === '0px') continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) complaints.push(`contrast ${contrast.toFixed(1)}: ${words.slice(0, 40)}`);
    if (parseFloat(getComputedStyle(element).fontSize) < 13) complaints.push(`too small: ${words.slice(0, 40)}`);
  }
  for (const link of document.querySelectorAll('a[style*="display:block"]')) {
    if (link.getBoundingClientRect().height < 44) complaints.push('a button that a thumb would miss');
  }
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) complaints.push(`${width} px wide on a screen of ${innerWidth}`);
  return complaints;
})()
"""


class Browser:
    """Speaks to Chromium over a pair of pipes: nothing listens anywhere."""

    def __init__(self, program, profile):
        to_child, self.to = os.pipe()
        self.back, from_child = os.pipe()
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
                   "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]

        # The ends must not be among the numbers that they go to.
        high_in, high_out = (os.dup2(fd, 60 + i) for i, fd in enumerate((to_child, from_child)))

        def take_the_pipes():
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(command, preexec_fn=take_the_pipes, pass_fds=(3, 4, high_in, high_out),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (to_child, from_child, high_in, high_out):
            os.close(fd)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []

    def read(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise SystemExit("Chromium ended early")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.read())

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(timeout=20)


def show(browser, email, width, scheme):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.call("Page.navigate", url=email.resolve().as_uri())
    browser.wait_for("Page.loadEventFired")
    complaints = browser.call("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"]["value"]
    asked = [event["params"]["request"]["url"] for event in browser.events
             if event.get("method") == "Network.requestWillBeSent"]
    complaints += [f"asks for {url}" for url in asked if not url.startswith("file:")]
    picture = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
    return complaints, base64.b64decode(picture["data"])


def main(emails, screenshots, program="chromium"):
    emails = sorted(Path(emails).glob("*.html"))
    if not emails:
        raise SystemExit("there is no email to show")
    screenshots = Path(screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    ugly = 0
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, profile)
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.call("Page.enable")
        browser.call("Network.enable")
        for email in emails:
            for screen, width in SCREENS.items():
                for scheme in SCHEMES:
                    complaints, picture = show(browser, email, width, scheme)
                    name = f"{email.stem}-{screen}-{scheme}"
                    (screenshots / f"{name}.png").write_bytes(picture)
                    for complaint in complaints:
                        ugly += 1
                        print(f"not ok {name}: {complaint}")
        browser.close()
    shown = len(emails) * len(SCREENS) * len(SCHEMES)
    print(f"{'ok' if not ugly else 'not ok'} {len(emails)} emails shown {shown} times, {ugly} complaints: {screenshots}")
    return 1 if ugly else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
