"""What the daemon calls besides Meta: a mail server that takes every email, and a receiver of its calls."""

import asyncio
import contextlib
import email
import email.policy

import http1


class Servers:
    def __init__(self):
        # The latest emails that nobody has read yet; how many there were; how many calls came.
        self.emails, self.taken, self.calls = asyncio.Queue(), 0, 0
        self.servers = []

    async def start(self):
        """Returns the ports."""
        self.servers = [await asyncio.start_server(self.take_mail, "127.0.0.1"),
                        await asyncio.start_server(self.take_calls, "127.0.0.1")]
        smtp, hook = (server.sockets[0].getsockname()[1] for server in self.servers)
        return {"smtp": smtp, "hook": hook}

    async def take_mail(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 localhost\r\n")
            while line := await reader.readline():
                verb = line[:4].upper().strip()
                if verb == b"DATA":
                    writer.write(b"354 go ahead\r\n")
                    self.keep(await reader.readuntil(b"\r\n.\r\n"))
                answers = {b"EHLO": b"250-localhost\r\n250 8BITMIME", b"QUIT": b"221 bye"}
                writer.write(answers.get(verb, b"250 ok") + b"\r\n")
                await writer.drain()
                if verb == b"QUIT":
                    break
        writer.close()

    def keep(self, data):
        read = email.message_from_bytes(data.replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
        self.taken += 1
        self.emails.put_nowait((str(read["To"]), read.get_body(("plain",)).get_content()))

    async def take_calls(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while await http1.read_message(reader):
                self.calls += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        writer.close()

    def stop(self):
        for server in self.servers:
            server.close()
