"""A mail server on loopback with a port for each daemon: who sent which email when."""

import asyncio
import contextlib
import email
import email.policy
import random
import time
from dataclasses import dataclass


@dataclass
class Email:
    """An email that the server has taken. Of this machine's monotonic clock are when its sender began, and when it was
    taken."""

    node: str
    message_id: str
    incident: str
    to: str
    subject: str
    began: float
    taken: float


class PostOffice:
    def __init__(self, seed):
        self.emails, self.ports, self.servers = [], {}, []
        self.rng = random.Random(f"{seed} post office")

    async def start(self, nodes):
        for node in nodes:
            server = await asyncio.start_server(lambda r, w, node=node: self.serve(node, r, w), "127.0.0.1")
            self.servers.append(server)
            self.ports[node] = server.sockets[0].getsockname()[1]

    async def serve(self, node, reader, writer):
        began = time.monotonic()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 localhost\r\n")
            while line := await reader.readline():
                verb = line[:4].upper().strip()
                if verb == b"MAIL":
                    began = time.monotonic()
                elif verb == b"DATA":
                    writer.write(b"354 go ahead\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    self.take(node, text, began)
                    # What breaks here makes an email come twice.
                    await asyncio.sleep(self.rng.uniform(0, 0.3))
                answers = {b"EHLO": b"250-localhost\r\n250 8BITMIME", b"QUIT": b"221 bye"}
                writer.write(answers.get(verb, b"250 ok") + b"\r\n")
                await writer.drain()
                if verb == b"QUIT":
                    break
        writer.close()

    def take(self, node, text, began):
        read = email.message_from_bytes(text.replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
        header = {name: str(read[name] or "") for name in ("Message-ID", "X-Perennial-Incident", "To", "Subject")}
        self.emails.append(Email(node, *header.values(), began, time.monotonic()))

    def stop(self):
        for server in self.servers:
            server.close()
