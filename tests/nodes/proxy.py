"""Stands between one daemon and the database: lets everything through, late, in one direction only or not at all, and
loses the answers to commits. Where it leads can be changed."""

import asyncio
import contextlib

from wire import Frames

CHUNK = 1 << 16
WRITES = (b"INSERT", b"UPDATE", b"DELETE")


class Proxy:
    """What a daemon takes for the database. The database itself listens on a socket in a folder.

    `way` is "open"; "silent": nothing arrives on either side, until it is open again; "deaf": the database hears the
    daemon, the daemon hears nothing; or "reset": every connection breaks.
    """

    def __init__(self):
        self.target, self.way, self.delay = None, "open", 0.0
        # What to lose next, of transactions that wrote: "answer", after the commit, or "request", before it.
        self.losses, self.lost = [], 0
        self.links, self.changed = set(), asyncio.Event()

    async def start(self, target):
        self.target = target
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def set_way(self, way):
        self.way = way
        self.changed.set()
        self.changed = asyncio.Event()
        if way == "reset":
            self.cut()

    def lead_to(self, target):
        """From now on to another server. Connections to the former one are left to end by themselves."""
        self.target = target

    def cut(self):
        for link in list(self.links):
            link.cut()

    def lose(self, what, times):
        self.losses += [what] * times

    async def passable(self, towards_database):
        while self.way == "silent" or (self.way == "deaf" and not towards_database):
            await self.changed.wait()

    async def serve(self, reader, writer):
        if self.way == "reset":
            writer.transport.abort()
            return
        await self.passable(True)
        try:
            server = await asyncio.open_unix_connection(self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, (reader, writer), server)
        self.links.add(link)
        with contextlib.suppress(asyncio.CancelledError):
            await link.run()
        self.links.discard(link)

    def stop(self):
        self.server.close()
        self.cut()


class Link:
    """One connection. Each direction ends by itself, as a half-closed connection does."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.wrote = False

    async def run(self):
        (from_client, to_client), (from_server, to_server) = self.client, self.server
        await asyncio.gather(self.pump(from_client, to_server, Frames(greets=True), self.loses_request),
                             self.pump(from_server, to_client, Frames(greets=False), self.loses_answer))

    async def pump(self, source, sink, frames, loses):
        towards_database = sink is self.server[1]
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await asyncio.sleep(self.proxy.delay)
                if any([loses(*message) for message in frames.feed(data)]):
                    self.cut()
                    return
                await self.proxy.passable(towards_database)
                sink.write(data)
                await sink.drain()
            await self.proxy.passable(towards_database)
        sink.close()

    def loses_request(self, kind, body):
        is_commit = kind == b"Q" and body.strip(b"\0 \n;").upper() == b"COMMIT"
        return is_commit and self.is_lost("request")

    def loses_answer(self, kind, body):
        if kind != b"C":
            return False
        self.wrote |= body.startswith(WRITES)
        is_lost = body == b"COMMIT\0" and self.is_lost("answer")
        if body in (b"COMMIT\0", b"ROLLBACK\0"):
            self.wrote = False
        return is_lost

    def is_lost(self, what):
        if not self.wrote or self.proxy.losses[:1] != [what]:
            return False
        self.proxy.losses.pop(0)
        self.proxy.lost += 1
        return True

    def cut(self):
        for _, writer in (self.client, self.server):
            writer.transport.abort()
