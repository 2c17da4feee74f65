"""Programs that use a token, while it is replaced: each case prints a line, and any that fails ends it with 1.

Usage: proof.py PERENNIAL SCRATCH CLIENTS COMMAND...    a command is run in the folder CLIENTS, with {socket} and {graph}
for those that do not read PERENNIAL_SOCKET and GRAPH_URL
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import traceback
import urllib.request
from pathlib import Path

APP, APP_SECRET, PERSON, NAME = "1000", "0123456789abcdef0123456789abcdef", "3000", "Ada Example"
KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
WORLD = f"""
[[app]]
id = "{APP}"
secret = "{APP_SECRET}"
name = "acme"
[[person]]
id = "{PERSON}"
name = "{NAME}"
"""


class Premises:
    """A simulated Graph and a daemon, both ended by their process ids."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "world.toml").write_text(WORLD)
        command = [program, "graph-sim", "--listen", "127.0.0.1:0", "--world", folder / "world.toml"]
        self.graph = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.graph.stdout.readline().split()[-1]
        self.sim("POST", "clock", {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        for name, content in (("app.secret", APP_SECRET), ("inventory.key", KEY)):
            (folder / name).write_text(content)
            (folder / name).chmod(0o600)
        (folder / "mail").mkdir()
        (folder / "perennial.toml").write_text(f"""
[[app]]
name = "acme"
id = "{APP}"
secret = {{ file = "{folder}/app.secret" }}
graph_url = "{self.url}"
calls_per_hour = 10000
[inventory]
path = "{folder}/inventory.db"
key = {{ file = "{folder}/inventory.key" }}
[alerts]
from = "perennial@example.com"
to = ["ops@example.com"]
directory = "{folder}/mail"
[status]
socket = "{folder}/socket"
[[status.reader]]
user = "*"
tokens = ["*"]
""")
        self.log = open(folder / "log", "wb")
        self.daemon = subprocess.Popen([program, "--config", folder / "perennial.toml", "run"], stdout=self.log,
                                       stderr=self.log)
        until = time.monotonic() + 30
        while self.ask("status").returncode == 3:
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.1)

    def sim(self, method, path, order):
        request = urllib.request.Request(f"{self.url}/sim/{path}", json.dumps(order).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def new_token(self):
        order = {"kind": "long_lived", "app": APP, "person": PERSON, "scopes": ["email"]}
        return self.sim("POST", "tokens", order)["access_token"]

    def end_token(self, token):
        self.sim("POST", "actions", {"what": "end_token", "token": token, "death": "revoked"})

    def ask(self, *arguments, stdin=""):
        command = [self.program, "--config", self.folder / "perennial.toml", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=90)

    def replace(self, name, token):
        replaced = self.ask("import", "--replace", name, stdin=token)
        assert replaced.returncode == 0, replaced

    def stop(self):
        for process in (self.daemon, self.graph):
            process.terminate()
            process.wait(timeout=60)
        self.log.close()


class Client:
    """A client that keeps running. It is asked a path at a time."""

    def __init__(self, premises, command, folder, name):
        socket, graph = str(premises.folder / "socket"), f"{premises.url}/v25.0"
        environment = {**os.environ, "PERENNIAL_SOCKET": socket, "GRAPH_URL": graph}
        command = [part.format(socket=socket, graph=graph) for part in command.split()]
        self.process = subprocess.Popen([*command, name], cwd=folder, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def call(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return json.loads(line)

    def stop(self):
        words, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0 and not words + errors, (words, errors)


def a_token_is_used_and_replaced(premises, command, folder, name):
    first = premises.new_token()
    added = premises.ask("import", "--app", "acme", "--name", name, stdin=first)
    assert added.returncode == 0, added
    client = Client(premises, command, folder, name)
    assert client.call("me?fields=name")["name"] == NAME
    second = premises.new_token()
    premises.replace(name, second)
    premises.end_token(first)
    assert client.call("me?fields=name")["name"] == NAME, "it goes on with the new one"
    premises.end_token(second)
    assert client.call("me?fields=name")["error"]["code"] == 190, "there is no newer one"
    premises.replace(name, premises.new_token())
    assert client.call("me?fields=name")["name"] == NAME, "and now there is"
    client.stop()


def a_missing_token_is_named(premises, command, folder, _):
    client = Client(premises, command, folder, "nobody")
    words, errors = client.process.communicate("me\n", timeout=30)
    assert client.process.returncode != 0 and not words, words
    assert "there is no token with this name" in errors, errors


@contextlib.contextmanager
def case(name, failures):
    try:
        yield
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print(f"not ok {name}", flush=True)
        failures.append(name)
    else:
        print(f"ok {name}", flush=True)


def main():
    program, scratch, folder, *commands = sys.argv[1:]
    premises, failures = Premises(program, Path(scratch)), []
    try:
        for number, command in enumerate(commands):
            for story in (a_token_is_used_and_replaced, a_missing_token_is_named):
                client = next(Path(part).name for part in command.split() if "client" in part)
                with case(f"{client} {story.__name__.replace('_', ' ')}", failures):
                    story(premises, command, folder, f"client-{number}")
    finally:
        premises.stop()
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
