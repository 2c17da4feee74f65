"""Calls Meta with a token that Perennial keeps, and gets it again when Meta says that it is no longer valid.

Usage: client.py NAME    reads paths such as me?fields=name, one a line, and prints Meta's answers
"""
import http.client
import json
import os
import socket
import sys
from urllib import error, parse, request

SOCKET = os.environ.get("PERENNIAL_SOCKET", "/run/perennial/perennial.sock")
GRAPH = os.environ.get("GRAPH_URL", "https://graph.facebook.com/v25.0")


class LocalConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(SOCKET)


class Token:
    def __init__(self, name):
        self.path = f"/v1/tokens/{parse.quote(name, safe='')}/secret"
        self.fetch()

    def fetch(self):
        connection = LocalConnection("localhost")
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = json.load(answer)
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"Perennial: {body['detail']}")
        self.version, self.secret = body["version"], body["access_token"]

    def call(self, path):
        """Meta's answer. An invalid token is fetched again, once, and only a newer version is tried."""
        answer, version = self.try_call(path), self.version
        if answer.get("error", {}).get("code") == 190:
            self.fetch()
            if self.version != version:
                answer = self.try_call(path)
        return answer

    def try_call(self, path):
        # In a header, because addresses end up in logs.
        asked = request.Request(f"{GRAPH}/{path}", headers={"Authorization": f"Bearer {self.secret}"})
        try:
            with request.urlopen(asked, timeout=30) as answer:
                return json.load(answer)
        except error.HTTPError as refused:
            return json.load(refused)


if __name__ == "__main__":
    token = Token(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(token.call(line.strip())), flush=True)
