"""Loopback TCP in front of a Unix socket, for programs that know only TCP. Bytes pass as they are, but for one thing: a
stream of events that follows the journal never ends, so this end hangs up on a silent one, as a follower does."""

import contextlib
import socket
from threading import Thread

# A follower sees what is there already and what comes within this time.
SILENCE = 0.3
FOLLOWING = (b"content-type: application/x-ndjson", b"connection: close")
LAST_CHUNK = b"0\r\n\r\n"


def forward(path):
    """Listens on a free port of 127.0.0.1, and returns it."""
    listener = socket.create_server(("127.0.0.1", 0))
    Thread(target=accept, args=(listener, path), daemon=True).start()
    return listener.getsockname()[1]


def accept(listener, path):
    while True:
        client = listener.accept()[0]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(path))
        Thread(target=send, args=(client, server), daemon=True).start()
        Thread(target=receive, args=(server, client), daemon=True).start()


def send(client, server):
    with contextlib.suppress(OSError):
        while received := client.recv(65536):
            server.sendall(received)
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_WR)


def receive(server, client):
    with server, client, contextlib.suppress(OSError):
        while received := server.recv(65536):
            client.sendall(received)
            if follows(received):
                server.settimeout(SILENCE)
                finish(server, client)
                return


def follows(answer):
    head = answer.split(b"\r\n\r\n")[0].lower()
    return head.startswith(b"http/1.1 200") and all(line in head for line in FOLLOWING)


def finish(server, client):
    """The daemon sends whole chunks, so a silence is between two of them."""
    try:
        while received := server.recv(65536):
            client.sendall(received)
    except TimeoutError:
        client.sendall(LAST_CHUNK)
