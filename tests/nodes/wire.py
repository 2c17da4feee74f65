"""PostgreSQL's protocol, as much of it as the tests need: messages in a stream of bytes, and a client for questions
without values."""

import asyncio
import struct

PROTOCOL = 196608
# Requests that come instead of a greeting: for TLS, and for encryption by GSSAPI.
NEGOTIATIONS = (80877103, 80877104)


class Frames:
    """Cuts a stream into messages, each a letter and a body. A client's stream begins with messages without a letter,
    of which the greeting is the last."""

    def __init__(self, greets):
        self.rest, self.greets = b"", greets

    def feed(self, data):
        self.rest += data
        while message := self.take():
            yield message

    def take(self):
        start = 0 if self.greets else 1
        if len(self.rest) < start + 4:
            return None
        length, = struct.unpack_from("!I", self.rest, start)
        if len(self.rest) < start + length:
            return None
        kind = b"" if self.greets else self.rest[:1]
        body, self.rest = self.rest[start + 4:start + length], self.rest[start + length:]
        if self.greets and struct.unpack_from("!I", body)[0] not in NEGOTIATIONS:
            self.greets = False
        return kind, body


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def greeting(**settings):
    words = b"".join(word.encode() + b"\0" for pair in settings.items() for word in pair)
    return message(b"", struct.pack("!I", PROTOCOL) + words + b"\0")


class Refused(Exception):
    """The server's answer is an error; `code` is its SQLSTATE."""

    def __init__(self, body):
        fields = {field[:1]: field[1:].decode() for field in body.split(b"\0") if field}
        self.code = fields.get(b"C", "")
        super().__init__(f"{self.code} {fields.get(b'M', '')}")


class Client:
    """A session for questions without values, on a server that asks for no password. Each answer is a list of rows of
    text."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, socket, user="postgres", database="perennial"):
        client = cls(*await asyncio.open_unix_connection(socket))
        try:
            client.writer.write(greeting(user=user, database=database, application_name="witness"))
            await client.answer()
        except BaseException:
            client.close()
            raise
        return client

    async def ask(self, sql):
        self.writer.write(message(b"Q", sql.encode() + b"\0"))
        return await self.answer()

    async def answer(self):
        rows, error = [], None
        while True:
            kind = await self.reader.readexactly(1)
            length, = struct.unpack("!I", await self.reader.readexactly(4))
            body = await self.reader.readexactly(length - 4)
            if kind == b"D":
                rows.append(columns(body))
            elif kind == b"E":
                error = Refused(body)
            # Before the session has begun, nothing follows an error.
            if kind == b"E" and error.code.startswith(("28", "3D", "57P")):
                raise error
            if kind == b"Z":
                if error:
                    raise error
                return rows

    def close(self):
        self.writer.close()


def columns(body):
    count, = struct.unpack_from("!H", body)
    at, row = 2, []
    for _ in range(count):
        length, = struct.unpack_from("!i", body, at)
        at += 4
        row.append(None if length < 0 else body[at:at + length].decode())
        at += max(length, 0)
    return row
