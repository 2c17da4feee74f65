"""A simulated Graph and a daemon on this machine, and what the proofs need besides."""

import contextlib
import json
import subprocess
import sys
import time
import traceback
import urllib.request

APP, APP_SECRET, PERSON, NAME = "1000", "0123456789abcdef0123456789abcdef", "3000", "Ada Example"
KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
PATIENCE = 60
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
    """The simulated Graph with a fleet of tokens, and a daemon whose configuration has `more`; both ended by their
    process ids."""

    def __init__(self, program, folder, more="", fleet=0):
        self.program, self.folder, self.processes = program, folder, []
        try:
            self.start(more, fleet)
        except BaseException:
            self.stop()
            raise

    def start(self, more, fleet):
        program, folder = self.program, self.folder
        (folder / "world.toml").write_text(WORLD)
        graph = self.run("graph", program, "graph-sim", "--listen", "127.0.0.1:0", "--world", folder / "world.toml",
                         *(["--fleet", str(fleet)] if fleet else []), stdout=subprocess.PIPE, text=True)
        greeting = graph.stdout.readline()
        assert greeting, (folder / "graph.log").read_text()
        self.url = greeting.split()[-1]
        self.sim("POST", "clock", {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        for name, content in (("app.secret", APP_SECRET), ("inventory.key", KEY)):
            self.write_secret(name, content)
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
{more}""")
        self.run("daemon", program, "--config", folder / "perennial.toml", "run")
        wait_for("the daemon", lambda: self.ask("status").returncode != 3)

    def run(self, name, *command, **options):
        """Runs a program until the end."""
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes.append(subprocess.Popen(command, **{"stdout": log, "stderr": log, **options}))
        return self.processes[-1]

    def write_secret(self, name, content):
        (self.folder / name).write_text(content)
        (self.folder / name).chmod(0o600)

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
        for process in reversed(self.processes):
            process.terminate()
            process.wait(timeout=PATIENCE)


def wait_for(what, is_so):
    """Waits until it is so. `what` may be a function, for what is only known when it did not come."""
    end = time.monotonic() + PATIENCE
    while not (found := is_so()):
        assert time.monotonic() < end, f"{what() if callable(what) else what} did not come within {PATIENCE} s"
        time.sleep(0.1)
    return found


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
