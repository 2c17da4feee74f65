"""Programs that use a token, while it is replaced: each case prints a line, and any that fails ends it with 1.

Usage: proof.py PERENNIAL SCRATCH CLIENTS COMMAND...    a command is run in the folder CLIENTS, with {socket} and {graph}
for those that do not read PERENNIAL_SOCKET and GRAPH_URL
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from premises import NAME, Premises, case


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
