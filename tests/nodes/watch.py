"""What is seen from outside while a run goes on: who holds which duty, read from the database itself, and what a
follower of the journal gets from each daemon."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field

from wire import Client

EVERY = 0.25
DUTIES = """
SELECT d.name, n.name, d.epoch, d.ends_at > floor(extract(epoch FROM clock_timestamp()) * 1000)
FROM duty d LEFT JOIN node n ON n.id = d.holder"""


@dataclass
class Look:
    """One look at the database. `holders` has the daemon of each duty whose term has not ended; it is None while the
    database does not answer. `able` are the daemons that nothing hindered."""

    at: float
    able: frozenset
    holders: dict = None
    epochs: dict = field(default_factory=dict)


class Watch:
    def __init__(self, cluster, nodes):
        self.cluster, self.nodes, self.looks = cluster, nodes, []
        self.client, self.asked = None, None

    async def live(self):
        while True:
            began = time.monotonic()
            self.looks.append(await self.look())
            await asyncio.sleep(max(0, began + EVERY - time.monotonic()))

    async def look(self):
        began, able = time.monotonic(), frozenset(node.name for node in self.nodes if node.can_work())
        try:
            rows = await asyncio.wait_for(self.duties(), 2)
        except Exception:
            self.drop()
            return Look(began, able)
        holders = {duty: node for duty, node, _, held in rows if held == "t" and node}
        return Look(time.monotonic(), able, holders, {duty: int(epoch) for duty, _, epoch, _ in rows})

    async def duties(self):
        if self.client is None or self.asked is not self.cluster.writer:
            self.drop()
            self.asked = self.cluster.writer
            self.client = await Client.connect(self.asked.socket)
        return await self.client.ask(DUTIES)

    def drop(self):
        if self.client:
            self.client.close()
        self.client = None

    def holder(self, duty):
        """Who held it at the last look; None if nobody did or nothing was seen."""
        return (self.looks[-1].holders or {}).get(duty) if self.looks else None


class Reader:
    """A program that reads a secret from one daemon again and again. Once it has got it, it gets it from memory while the
    database is away. `failures` are the readings that failed although the daemon was running all the while."""

    def __init__(self, node, name):
        self.node, self.path, self.failures, self.has_read = node, f"/v1/tokens/{name}/secret", [], False

    async def live(self):
        while True:
            began, before = time.monotonic(), len(self.node.history)
            failure = await self.read()
            was_left_alone = not {what for _, what in self.node.history[before:]} & {"killed", "stopped", "started"}
            if self.node.hindrances & {"not started", "stopped"} or not was_left_alone:
                # Another process remembers nothing.
                self.has_read &= "not started" not in self.node.hindrances
            elif failure is None:
                self.has_read = True
            elif self.has_read:
                self.failures.append(f"{self.node.name} did not give a secret that it had given before, at "
                                     f"{began:.1f} s: {failure}")
            await asyncio.sleep(1)

    async def read(self):
        try:
            status, answer = await self.node.ask("GET", self.path, patience=20)
            return None if status == 200 else answer
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            return repr(error)


class Follower:
    """Follows the journal through one daemon, and goes on after the last event whenever the daemon comes back."""

    def __init__(self, node):
        self.node, self.seen = node, [0]

    async def live(self):
        while True:
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await self.follow()
            await asyncio.sleep(0.3)

    async def follow(self):
        reader, writer = await asyncio.open_unix_connection(self.node.folder / "socket")
        try:
            path = f"/v1/events?follow=true&after={self.seen[-1]}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            if b" 200 " not in head.split(b"\r\n")[0]:
                return
            rest = b""
            while size := int(await reader.readline(), 16):
                rest += await reader.readexactly(size)
                await reader.readline()
                *lines, rest = rest.split(b"\n")
                self.seen += [int(json.loads(line)["id"]) for line in lines if line]
        finally:
            writer.close()
