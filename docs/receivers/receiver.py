"""What all receivers share: they verify a message from Perennial, fetch the token that it names, and answer."""
import http.client
import http.server
import json
import os
import socket
from pathlib import Path
from urllib import parse

from standardwebhooks import Webhook, WebhookVerificationError


def fetch(name, version):
    """The token, if this version is in use: a message that comes late or twice must not bring back an old one."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(5)
    connection.sock.connect(os.environ.get("PERENNIAL_SOCKET", "/run/perennial/perennial.sock"))
    connection.request("GET", f"/v1/tokens/{parse.quote(name, safe='')}/secret")
    answer = connection.getresponse()
    body = json.load(answer)
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"Perennial: {body['detail']}")
    if body["version"] != version:
        raise RuntimeError(f"{name}: version {version} was announced, but {body['version']} is in use")
    return body["access_token"]


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 5

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", 0))
            if not 0 <= length <= 65536:
                raise ValueError("its length is not that of a message")
            message = self.server.webhook.verify(self.rfile.read(length), dict(self.headers))
        except (WebhookVerificationError, ValueError) as error:
            return self.send_error(400, explain=str(error))
        answer = {}  # To a test, which names no token.
        if message["type"] == "token.updated":
            try:
                self.server.store(message["data"]["token"], message["data"]["version"])
            except Exception as error:  # Perennial tries again.
                self.log_error("%s: %s", type(error).__name__, error)
                return self.send_error(503)
            answer = {"in_use": True}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


def serve(store):
    """Answers one message at a time, so that none overtakes another."""
    host, port = os.environ.get("RECEIVER_LISTEN", "127.0.0.1:8490").rsplit(":", 1)
    server = http.server.HTTPServer((host, int(port)), Handler)
    server.webhook, server.store = Webhook(Path(os.environ["WEBHOOK_SECRET_FILE"]).read_text().strip()), store
    print(f"listening on http://{host}:{server.server_port}", flush=True)
    server.serve_forever()
