"""A daemon among several: its configuration, its process, and its socket. Whoever ends, stops or cuts it off says so
here, so that the verdict knows when it could work."""

import asyncio
import glob
import os
import signal
import subprocess
import time

import http1
from meta import APP, APP_SECRET
from proxy import Proxy

KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
# How long a daemon may take until its socket answers, and how long to end when it is asked to.
PATIENCE = 60
# sysexits.h: the configuration is wrong, so another start alone does not help.
MISCONFIGURED = 78
OPERATORS = "ops@example.com"

CONFIGURATION = """
timezone = "UTC"
[[app]]
name = "acme"
id = "{app}"
secret = {{ file = "{folder}/app.secret" }}
graph_url = "{graph}"
scopes = ["email"]
calls_per_hour = 100000
[inventory]
url = {{ file = "{folder}/inventory.url" }}
node = "{name}"
key = {{ file = "{folder}/inventory.key" }}
[rotation]
# Always due, so that nothing but its rule keeps the daemon from a second exchange.
rotate_before_expiry = "61d"
retry_after = ["2s"]
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
digest = "*/10 * * * * *"
backup = ""
[alerts]
from = "Perennial <perennial@example.com>"
to = ["{operators}"]
smtp = {{ url = "smtp://127.0.0.1:{smtp}" }}
[status]
socket = "{folder}/socket"
[[status.reader]]
user = "*"
tokens = ["*"]
"""


class Node:
    """One daemon. `hindrances` is what keeps it from working: each is a word that a fault added."""

    def __init__(self, program, folder, name):
        self.program, self.folder, self.name = program, folder / name, name
        # One for each server that it knows.
        self.proxies, self.process, self.hindrances = [], None, {"not started"}
        # Whether it should run, and how it ended by itself: with which code, and whether it had answered before.
        self.wanted, self.exits, self.has_own_clock = False, [], False
        # What happened to it, each with its time: the verdict reads them.
        self.history = []

    async def prepare(self, databases, graph, smtp):
        """Writes the configuration. Each of these servers is reached through a proxy."""
        folder = self.folder
        folder.mkdir()
        for server in databases:
            self.proxies.append(Proxy())
            await self.proxies[-1].start(server)
        hosts = ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.proxies)
        self.write_secret("inventory.url",
                          f"postgresql://perennial@{hosts}/perennial?target_session_attrs=read-write")
        for name, content in (("app.secret", APP_SECRET), ("inventory.key", KEY)):
            self.write_secret(name, content)
        (folder / "clock").write_text("+0\n")
        (folder / "perennial.toml").write_text(CONFIGURATION.format(
            app=APP, folder=folder, graph=graph, name=self.name, operators=OPERATORS, smtp=smtp))

    def write_secret(self, name, content):
        (self.folder / name).write_text(content)
        (self.folder / name).chmod(0o600)

    def note(self, what):
        self.history.append((time.monotonic(), what))

    def hinder(self, word):
        self.hindrances.add(word)
        self.note(word)

    def free(self, word):
        self.hindrances.discard(word)
        self.note(f"no longer {word}")

    def can_work(self):
        return not self.hindrances

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def spawn(self, *arguments, **options):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen([self.program, "--config", self.folder / "perennial.toml", *arguments],
                                    **{"stdout": log, "stderr": log, **options})

    def start(self):
        clock = faked_clock(self.folder / "clock") if self.has_own_clock else {}
        self.process = self.spawn("run", env={**os.environ, **clock})
        self.wanted = True
        self.note("started")

    async def until_it_answers(self):
        """However often it ends and is started again before that."""
        end = time.monotonic() + PATIENCE
        while not await self.answers("/healthz"):
            assert time.monotonic() < end, f"{self.name} does not answer: {self.log()[-2000:]}"
            await asyncio.sleep(0.1)
        self.free("not started")

    async def supervise(self):
        """Starts it again when it ends by itself, as systemd does."""
        while True:
            await asyncio.sleep(0.2)
            if not self.wanted or self.runs():
                continue
            self.exits.append((self.process.returncode, "not started" not in self.hindrances))
            self.hinder("not started")
            self.note(f"ended with {self.process.returncode}")
            await asyncio.sleep(1)
            if self.wanted:
                self.start()
                await self.until_it_answers()

    async def answers(self, path):
        try:
            return (await self.ask("GET", path, patience=5))[0] == 200
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
            return False

    async def ask(self, method, path, order=None, patience=20):
        return await http1.ask(asyncio.open_unix_connection(self.folder / "socket"), method, path, order, patience)

    async def kill(self):
        self.wanted = False
        self.hinder("not started")
        self.note("killed")
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait, PATIENCE)

    async def end(self):
        """Asks it to end, and returns its exit code."""
        self.wanted = False
        self.hinder("not started")
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, PATIENCE)
        except subprocess.TimeoutExpired:
            self.note("did not end")
            await self.kill()
            return None

    def pause(self):
        self.hinder("stopped")
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.free("stopped")

    def set_clock(self, offset):
        """Only of a daemon that was started with a clock of its own. Whoever reads the file sees the old offset or the
        new one."""
        new = self.folder / "clock.new"
        new.write_text(f"{offset:+d}\n")
        new.rename(self.folder / "clock")
        if offset:
            self.hinder("wrong clock")
        else:
            self.free("wrong clock")

    def set_way(self, way):
        """How the network lets it reach the database: a word of the proxy's."""
        if way != "open":
            self.hinder("cut off")
        for proxy in self.proxies:
            proxy.set_way(way)
        if way == "open":
            self.free("cut off")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        for proxy in self.proxies:
            proxy.stop()
        if self.runs():
            self.process.kill()
            self.process.wait()


def library():
    """The one that fakes the clock."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    return found[0] if found else None


def faked_clock(file):
    """What a process needs in its environment to read its clock as `file` says, and to wait as usual."""
    return {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
