"""The daemon, the simulated Graph and the clock of both. The clock goes on by itself as usual, and `step` moves it on by
hours. Waiting takes as long as it takes: only the clock on the wall is moved, so a timeout of 30 seconds lasts 30 seconds,
which is a month here."""

import asyncio
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import http1

APP, APP_SECRET = "1000", "0123456789abcdef0123456789abcdef"
KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
HOOK_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PUBLIC = "https://tokens.example.com"
START_WITHIN = 60
# The simulated days before the run: no version of the Graph that the program knows of ends meanwhile.
BEGINS_DAYS_AGO = 640

WORLD = f"""
[[app]]
id = "{APP}"
secret = "{APP_SECRET}"
name = "acme"
"""

# What a reload changes: two spellings of the configuration in turn.
CHECK_EVERY = ("24h", "20h")

CONFIGURATION = """
timezone = "Europe/Berlin"
[[app]]
name = "acme"
id = "{app}"
secret = {{ file = "{folder}/app.secret" }}
graph_url = "http://127.0.0.1:{meta}"
dialog_url = "http://127.0.0.1:{meta}"
scopes = ["pages_show_list", "pages_messaging"]
calls_per_hour = 100000
[inventory]
path = "{folder}/state/inventory.db"
backups = "{folder}/state/backups"
keep_backups = 7
keep_events = "60d"
key = {{ file = "{folder}/inventory.key" }}
[rotation]
check_every = "{check_every}"
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
[alerts]
from = "Perennial <perennial@example.com>"
to = ["ops@example.com"]
smtp = {{ url = "smtp://127.0.0.1:{smtp}" }}
[[alerts.post]]
name = "room"
format = "webhook"
url = {{ file = "{folder}/hook.url" }}
secret = {{ file = "{folder}/hook.secret" }}
to = "all"
events = ["token.renewed"]
[status]
socket = "{folder}/run/socket"
[[status.reader]]
user = "*"
tokens = ["*"]
[web]
listen = "127.0.0.1:{web}"
public_url = "{public}"
[ui]
listen = "unix:{folder}/run/ui"
[metrics]
listen = "127.0.0.1:{metrics}"
textfile = "{folder}/run/perennial.prom"
[heartbeat]
url = {{ file = "{folder}/hook.url" }}
[[delivery]]
name = "chatbot"
tokens = ["*"]
file = {{ path = "{folder}/run/tokens/{{name}}", readers = ["root"], format = "json" }}
on_dead = "remove"
grace = "48h"
[[delivery]]
name = "room"
tokens = ["*"]
webhook = {{ url = "http://127.0.0.1:{hook}/", secret = {{ file = "{folder}/hook.secret" }} }}
"""


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.offset, self.reloads, self.ports = -BEGINS_DAYS_AGO * 86400, 0, {}
        self.meta = self.daemon = self.clock = None

    async def start(self, ports):
        """`ports` are those of the servers that the daemon calls."""
        self.ports = {**ports, "web": free_port(), "metrics": free_port()}
        for name in ("state", "run", "run/tokens"):
            (self.folder / name).mkdir(mode=0o700)
        self.write_secret("app.secret", APP_SECRET)
        self.write_secret("inventory.key", KEY)
        self.write_secret("hook.url", f"http://127.0.0.1:{ports['hook']}/")
        self.write_secret("hook.secret", HOOK_SECRET)
        await self.start_meta()
        self.make_clock()
        self.configure()
        with open(self.folder / "log", "wb") as log:
            self.daemon = subprocess.Popen(self.command("run"), env=self.environment(), stdout=log, stderr=log)
        await self.until_it_answers()

    def write_secret(self, name, content):
        (self.folder / name).write_text(content)
        (self.folder / name).chmod(0o600)

    async def start_meta(self):
        (self.folder / "world.toml").write_text(WORLD)
        command = [self.program, "graph-sim", "--listen", "127.0.0.1:0", "--world", self.folder / "world.toml", "--seed", "1",
                   "--speed", "1"]
        with open(self.folder / "meta.log", "wb") as log:
            self.meta = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        greeting = await asyncio.to_thread(self.meta.stdout.readline)
        assert greeting, (self.folder / "meta.log").read_text()
        self.ports["meta"] = int(greeting.rsplit(":", 1)[1])
        asyncio.ensure_future(asyncio.to_thread(drain, self.meta.stdout))
        now = time.gmtime(time.time() + self.offset)
        await self.sim("POST", "clock", {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", now)})

    def configure(self):
        text = CONFIGURATION.format(folder=self.folder, app=APP, public=PUBLIC, check_every=CHECK_EVERY[self.reloads % 2],
                                    **self.ports)
        new = self.folder / "perennial.toml.new"
        new.write_text(text)
        new.rename(self.folder / "perennial.toml")

    def command(self, *arguments):
        return [self.program, "--config", self.folder / "perennial.toml", *arguments]

    def environment(self):
        """That of the unit, and the clock."""
        return {**os.environ, **of_unit(), "LD_PRELOAD": str(self.folder / "clock.so"),
                "CLOCK_OFFSET": str(self.folder / "clock")}

    def make_clock(self):
        source, library = Path(__file__).parent / "clock.c", self.folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        (self.folder / "clock").write_bytes(bytes(8))
        with open(self.folder / "clock", "r+b") as file:
            self.clock = mmap.mmap(file.fileno(), 8)
        self.write_clock()

    def write_clock(self):
        self.clock[:] = self.offset.to_bytes(8, sys.byteorder, signed=True)

    async def step(self, hours):
        self.offset += hours * 3600
        await self.sim("POST", "clock", {"advance": f"{hours}h"})
        self.write_clock()

    def reload(self):
        self.reloads += 1
        self.configure()
        self.daemon.send_signal(signal.SIGHUP)

    async def until_it_answers(self):
        end = time.monotonic() + START_WITHIN
        while True:
            try:
                assert (await self.ask("GET", "/healthz"))[0] == 200
                return
            except OSError:
                assert time.monotonic() < end and self.daemon.poll() is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.1)

    def connect(self):
        return asyncio.open_connection("127.0.0.1", self.ports["meta"])

    async def sim(self, method, path, order=None):
        status, answer = await http1.ask(self.connect(), method, f"/sim/{path}", order)
        assert status == 200, (path, order, answer)
        return answer

    async def ask(self, method, path, order=None):
        return await http1.ask(self.connect_to_socket(), method, path, order)

    def connect_to_socket(self):
        return asyncio.open_unix_connection(self.folder / "run/socket")

    async def page(self, path):
        """A page of the overview."""
        return await http1.exchange(asyncio.open_unix_connection(self.folder / "run/ui"), "GET", path)

    async def public(self, method, address, client):
        """A page of the public part, for a client with an address of its own."""
        path = urllib.parse.urlsplit(address)._replace(scheme="", netloc="").geturl()
        return await http1.exchange(self.connect_to("web"), method, path, headers=[("X-Forwarded-For", client)])

    def connect_to(self, port):
        return asyncio.open_connection("127.0.0.1", self.ports[port])

    async def status(self):
        return (await self.ask("GET", "/v1/status"))[1]

    def stop(self):
        for process in (self.daemon, self.meta):
            if process and process.poll() is None:
                process.terminate()
                process.wait(60)


def of_unit():
    """What the packages' unit sets in the environment of the daemon."""
    unit = Path(__file__).parent.parent.parent / "systemd/perennial.service"
    lines = unit.read_text().splitlines()
    return dict(line.removeprefix("Environment=").split("=", 1) for line in lines if line.startswith("Environment="))


def drain(pipe):
    for _ in pipe:
        pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
