"""The simulated Graph, with a door for each daemon: who exchanged which token, from when to when, and what Meta gave. A
fault may wait at a door for an exchange and hold it."""

import asyncio
import contextlib
import itertools
import json
import random
import subprocess
import time
import urllib.parse
from dataclasses import dataclass

from http1 import ask, exchange, read_message

SCOPES = ["email"]
APP, APP_SECRET = "1000", "0123456789abcdef0123456789abcdef"
WORLD = f"""
reexchange = "extends"
[[app]]
id = "{APP}"
secret = "{APP_SECRET}"
name = "acme"
"""
# Longer than any fault holds an exchange.
PATIENCE = 45


@dataclass
class Exchange:
    """One line of the ledger. Every time is of this machine's monotonic clock, and no secret is of a real person."""

    node: str
    secret: str
    token: str
    began: float
    # When Meta had done it, and when the answer had left or the daemon had gone; None while that has not happened.
    done: float = None
    ended: float = None
    status: int = None
    given: str = None
    delivered: bool = False


def access_token(answer):
    """What an answer gives; None if it is an error."""
    head, body = answer.split(b"\r\n\r\n", 1)
    return json.loads(body)["access_token"] if head.split()[1] == b"200" else None


class Waiter:
    """Waits for the next exchange at a stage: "arrived", before Meta does it; or "done", before the answer leaves."""

    def __init__(self, stage, node):
        self.stage, self.node = stage, node
        self.found, self.release = asyncio.get_running_loop().create_future(), asyncio.Event()

    def wants(self, entry, stage):
        return not self.found.done() and stage == self.stage and self.node in (None, entry.node)


class Graph:
    """The simulator's process, its doors, and the ledger."""

    def __init__(self, program, folder, seed):
        self.program, self.folder, self.seed = program, folder, seed
        self.ledger, self.waiters, self.doors, self.strays, self.process = [], [], {}, [], None
        # The name of the token of which a secret is, once it is known.
        self.owner_of, self.names, self.logins, self.rng = {}, {}, itertools.count(1), random.Random(f"{seed} Meta")

    async def start(self, nodes):
        world = self.folder / "world.toml"
        world.write_text(WORLD)
        with open(self.folder / "graph.log", "wb") as log:
            self.process = subprocess.Popen([self.program, "graph-sim", "--listen", "127.0.0.1:0", "--world", world,
                                             "--seed", str(self.seed), "--speed", "1"], stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        greeting = await asyncio.to_thread(self.process.stdout.readline)
        assert greeting, (self.folder / "graph.log").read_text()
        self.port = int(greeting.rsplit(":", 1)[1])
        await self.set_clock()
        for node in nodes:
            self.doors[node] = await asyncio.start_server(lambda r, w, node=node: self.serve(node, r, w), "127.0.0.1")

    def url(self, node):
        return "http://127.0.0.1:%d" % self.doors[node].sockets[0].getsockname()[1]

    def connect(self):
        return asyncio.open_connection("127.0.0.1", self.port)

    async def sim(self, method, path, order=None):
        status, answer = await ask(self.connect(), method, f"/sim/{path}", order)
        assert status == 200, (path, order, answer)
        return answer

    async def set_clock(self, days=0):
        """To this machine's time, so many days earlier."""
        now = time.gmtime(time.time() - days * 86400)
        await self.sim("POST", "clock", {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", now)})

    async def new_secret(self, name, kind):
        """Meta's token for a person or a system user of this name."""
        if kind == "system_user":
            user = await self.sim("POST", "system_users", {"app": APP, "name": name})
            order = {"kind": kind, "app": APP, "system_user": user["id"], "scopes": SCOPES, "validity": "sixty_days"}
        else:
            user = await self.sim("POST", "people", {"name": name})
            order = {"kind": "long_lived", "app": APP, "person": user["id"], "scopes": SCOPES}
        self.names[user["id"]] = name
        return order, await self.secret(name, order)

    async def secret(self, name, order):
        secret = (await self.sim("POST", "tokens", order))["access_token"]
        self.owner_of[secret] = name
        return secret

    async def truth(self, secret):
        return await self.sim("GET", f"tokens?token={urllib.parse.quote(secret)}")

    async def calls(self, endpoint, secret):
        query = urllib.parse.urlencode({"endpoint": endpoint, "token": secret})
        return (await self.sim("GET", f"ledger?{query}"))["calls_about_token"]

    async def exchanges(self):
        """How many Meta has counted."""
        return (await self.sim("GET", "ledger"))["calls"].get("exchange", {}).get("calls", 0)

    async def next(self, stage, node=None, patience=PATIENCE):
        """The next exchange of a node, or of any, held at this stage until the waiter is released. None if there is
        none in time."""
        waiter = Waiter(stage, node)
        self.waiters.append(waiter)
        try:
            return waiter, await asyncio.wait_for(asyncio.shield(waiter.found), patience)
        except asyncio.TimeoutError:
            return None
        finally:
            self.waiters.remove(waiter)

    async def serve(self, node, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while request := await read_message(reader):
                first, headers, body = request
                method, path, _ = first.split()
                form = urllib.parse.parse_qs(body.decode("latin-1") or urllib.parse.urlsplit(path).query)
                if form.get("grant_type") == ["fb_exchange_token"]:
                    await self.exchange(node, form["fb_exchange_token"][0], request, reader, writer)
                    continue
                if b"fb_exchange_token" in body:
                    self.strays.append(body.decode("latin-1"))
                answer = await self.forward(method, path, headers, body)
                if "code" in form and "client_secret" in form:
                    await self.note_login(answer)
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def forward(self, method, path, headers, body, *more):
        kept = [(name, value) for name, value in headers.items() if name in ("content-type", "authorization")]
        _, (first, headers, body) = await exchange(self.connect(), method, path, body, kept)
        dropped = ("connection", "transfer-encoding", "content-length")
        lines = [first, *(f"{name}: {value}" for name, value in headers.items() if name not in dropped), *more]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body

    async def exchange(self, node, secret, request, reader, writer):
        """Meta does what it was asked for even if the daemon has gone meanwhile."""
        entry = Exchange(node, secret, self.owner_of.get(secret, "?"), time.monotonic())
        self.ledger.append(entry)
        gone = asyncio.ensure_future(reader.read(1))
        await self.pause(entry, "arrived", self.rng.uniform(0.02, 0.3))
        first, headers, body = request
        # It is the last on its connection, so that the next byte from the daemon can only be its end.
        answer = await self.forward(*first.split()[:2], headers, body, "Connection: close")
        self.note(entry, answer)
        await self.pause(entry, "done", self.rng.uniform(0.02, 0.5))
        if gone.done():
            writer.transport.abort()
        else:
            writer.write(answer)
            entry.delivered = True
        entry.ended = time.monotonic()
        writer.close()
        with contextlib.suppress(OSError):
            await gone

    def note(self, entry, answer):
        entry.done, entry.status = time.monotonic(), int(answer.split()[1])
        entry.given = access_token(answer)
        if entry.given:
            self.owner_of[entry.given] = entry.token.partition(" of ")[2] or entry.token

    async def note_login(self, answer):
        """What Meta gives for the code of a login is a token of its own, which is exchanged whatever became of the
        person's other ones."""
        if secret := access_token(answer):
            person = (await self.truth(secret))["person"]
            self.owner_of[secret] = f"login {next(self.logins)} of {self.names[person]}"

    async def pause(self, entry, stage, usual):
        await asyncio.sleep(usual)
        for waiter in self.waiters:
            if waiter.wants(entry, stage):
                waiter.found.set_result(entry)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(waiter.release.wait(), PATIENCE)
                return

    def stop(self):
        for door in self.doors.values():
            door.close()
        if self.process:
            self.process.terminate()
            self.process.wait()
