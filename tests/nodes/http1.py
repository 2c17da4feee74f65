"""HTTP/1.1 as the tests need it: one request over a socket, and what a server reads from a client."""

import asyncio
import json


async def read_message(reader):
    """The first line, the headers by their lower-case names, and the body. None if the other side is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return first, headers, await chunks(reader)
    if "content-length" in headers:
        return first, headers, await reader.readexactly(int(headers["content-length"]))
    return first, headers, b""


async def chunks(reader):
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


async def exchange(connect, method, path, body=b"", headers=()):
    """Sends one request over a new connection, and returns the status and the answer as `read_message` does."""
    reader, writer = await connect
    try:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}",
                 *(f"{name}: {value}" for name, value in headers), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        answer = await read_message(reader)
        if answer is None:
            raise ConnectionResetError("no answer")
        return int(answer[0].split()[1]), answer
    finally:
        writer.close()


async def ask(connect, method, path, order=None, patience=20):
    """Asks with JSON and is answered with JSON, or with text that is none: the status and the answer."""
    body = b"" if order is None else json.dumps(order).encode()
    headers = [("Content-Type", "application/json")] if body else []
    status, (_, _, text) = await asyncio.wait_for(exchange(connect, method, path, body, headers), patience)
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode()
