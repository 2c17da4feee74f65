"""A machine in a folder: the simulated Graph, a daemon that can be broken at a numbered point, and who asks it."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

APP, APP_SECRET, KEY = "1000", "0123456789abcdef0123456789abcdef", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
PEOPLE = {"ada": "3000", "bob": "3001", "eve": "3002"}
ROBOTS = ("robot", "spare", "novel", "fresh")
SCOPES = ["email", "pages_show_list", "pages_messaging"]
# Longer than anything takes here.
PATIENCE = 30
HERE = Path(__file__).parent


# How long the operation of this thread may take, where its calls fail.
allowed = threading.local()


class Late(AssertionError):
    """Something did not come in time."""


def set_patience(seconds):
    allowed.seconds = seconds


def wait_for(what, is_so, pause=0.005):
    patience = getattr(allowed, "seconds", None) or PATIENCE
    end = time.monotonic() + patience
    while not (found := is_so()):
        if time.monotonic() > end:
            raise Late(f"{what() if callable(what) else what} did not come within {patience} s")
        time.sleep(pause)
    return found


def world(now, more=0):
    """Tokens that are ten days old, so that Meta may exchange them and no sweep does by itself."""
    names = [*ROBOTS, *(f"robot-{n}" for n in range(more))]
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 10 * 86400))
    people = "".join(f'[[person]]\nid = "{n}"\nname = "{name}"\n' + ('pages = ["2000"]\n' if name == "bob" else "")
                     for name, n in PEOPLE.items())
    scopes = json.dumps(SCOPES)
    robots = "".join(f'[[system_user]]\napp = "{APP}"\nname = "{name}"\nscopes = {scopes}\nvalidity = "sixty_days"\n'
                     for name in names)
    logins = "".join(f'[[login]]\napp = "{APP}"\nperson = "{n}"\nscopes = {scopes}\n' for n in PEOPLE.values())
    return f"""now = "{began}"
reexchange = "extends"
[[app]]
id = "{APP}"
secret = "{APP_SECRET}"
name = "acme"
[[page]]
id = "2000"
name = "Bakery"
{people}{robots}{logins}"""


class Local(http.client.HTTPConnection):
    def __init__(self, path, patience):
        super().__init__("localhost", timeout=patience)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Place:
    def __init__(self, program, library, folder, configuration=""):
        self.program, self.library, self.folder, self.configuration = program, library, folder, configuration
        self.graph = self.daemon = self.ready = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kept = self.folder.with_name(self.folder.name + ".kept")

    # The simulated Graph, which is the same at each start.
    def start_graph(self, now, more=0):
        (self.folder / "world.toml").write_text(world(now, more))
        with open(self.folder / "graph.log", "ab") as log:
            command = [self.program, "graph-sim", "--listen", "127.0.0.1:0", "--world", self.folder / "world.toml"]
            self.graph = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.graph.stdout.readline().split()[-1]
        self.sim("POST", "clock", {"now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "speed": 1})
        self.configure()

    def sim(self, method, path, order=None):
        request = urllib.request.Request(f"{self.url}/sim/{path}", json.dumps(order).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            return {"error": error.read().decode()}
        return [json.loads(line) for line in text.splitlines()] if path == "fleet" else json.loads(text)

    def issued(self):
        """The tokens of this world when it begins, by whose they are."""
        lines = self.sim("GET", "fleet")
        robots = [line for line in lines if line["name"].startswith("system-user-")]
        named = dict(zip(ROBOTS, robots))
        for line in lines:
            kind, subject = line["name"].split("-")[:2]
            named |= {name: line for name, n in PEOPLE.items() if (kind, subject) == ("user", n)}
            named |= {"bakery": line} if kind == "page" else {}
        return {name: line["access_token"] for name, line in named.items()}

    def works(self, token):
        return bool(self.sim("GET", "tokens?token=" + urllib.parse.quote(token)).get("alive"))

    def exchanges_of(self, token):
        query = urllib.parse.urlencode({"endpoint": "exchange", "token": token})
        return self.sim("GET", f"ledger?{query}")["calls_about_token"]

    def configure(self):
        here = self.folder
        (here / "mail").mkdir(exist_ok=True)
        for name, content in (("app.secret", APP_SECRET), ("inventory.key", KEY)):
            if not (here / name).exists():
                self.write_secret(name, content)
        mail = f'directory = "{here}/mail"' if "smtp" not in self.configuration else ""
        text = f"""
[[app]]
name = "acme"
id = "{APP}"
secret = {{ file = "{here}/app.secret" }}
graph_url = "{self.url}"
calls_per_hour = 100000
scopes = {json.dumps(SCOPES)}
[inventory]
path = "{here}/inventory.db"
key = {{ file = "{here}/inventory.key" }}
[status]
socket = "{here}/socket"
[alerts]
from = "perennial@example.com"
to = ["ops@example.com"]
{mail}
{self.configuration.replace("HERE", str(here))}
"""
        (here / "perennial.toml").write_text(text)

    def write_secret(self, name, content):
        (self.folder / name).write_text(content)
        (self.folder / name).chmod(0o600)

    # Programs.
    def broken(self, fault, point, arm=None):
        """The environment of a process in which `fault` happens at `point`, while there is the file `arm`."""
        self.kept.mkdir(exist_ok=True)
        environment = {"LD_PRELOAD": str(self.library), "FAULT": fault, "FAULT_AT": str(point),
                       "FAULT_REPORT": str(self.folder / "fault"), "FAULT_KEEP": str(self.kept),
                       "FAULT_ROOT": str(self.folder)}
        return {**environment, **({"FAULT_ARM": str(arm)} if arm else {})}

    def environment(self, more):
        kept = {name: value for name, value in os.environ.items() if name not in ("PERENNIAL_SOCKET", "NOTIFY_SOCKET")}
        return {**kept, "STATE_DIRECTORY": str(self.folder), **more}

    def ask(self, *arguments, stdin="", more=None, patience=60):
        command = [self.program, "--config", self.folder / "perennial.toml", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=patience,
                              env=self.environment(more or {}))

    def launch(self, more=None):
        """Starts the daemon without waiting."""
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        notify, self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), threading.Event()
        notify.bind(str(path))
        command = [self.program, "--config", self.folder / "perennial.toml", "run"]
        with open(self.folder / "log", "ab") as log:
            more = {"NOTIFY_SOCKET": str(path), "RUST_LOG": "info", **(more or {})}
            self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=self.environment(more))
        threading.Thread(target=listen, args=(notify, self.daemon, self.ready), daemon=True).start()

    def is_ready(self, patience=PATIENCE):
        """Waits until the daemon is ready (true) or has ended (false)."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.ready.wait(0.01):
                return True
            if self.has_ended():
                return False
        raise AssertionError(f"the daemon is not ready after {patience} s: {self.tail()}")

    def start(self):
        self.launch()
        assert self.is_ready(), f"the daemon did not start: {self.tail()}"

    def tail(self):
        return "\n".join((self.folder / "log").read_text().splitlines()[-15:])

    def has_ended(self):
        return self.daemon is None or self.daemon.poll() is not None

    def kill(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None

    def stop(self):
        if self.daemon and not self.has_ended():
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(timeout=PATIENCE)
        self.daemon = None

    def end(self):
        self.kill()
        if self.graph:
            self.graph.kill()
            self.graph.wait()
            self.graph.stdout.close()

    # What a program on this machine asks.
    def http(self, method, path, body=None, patience=PATIENCE):
        """The status and the answer; status 0 if there is no whole answer."""
        connection = Local(self.folder / "socket", patience)
        try:
            text = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, path, text, {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            read = answer.read().decode()
            return answer.status, json.loads(read) if read[:1] in ("{", "[") else read
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()

    def get(self, path):
        status, answer = self.http("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def call(self, method, path, body=None):
        """As a person does who tries again what gave no answer, unless the daemon has gone."""
        status, answer = 0, {}

        def is_answered():
            nonlocal status, answer
            status, answer = self.http(method, path, body)
            return status not in (0, 503)

        wait_for(f"an answer to {method} {path}", lambda: is_answered() or self.has_ended())
        return status, answer

    def secret(self, name):
        status, answer = self.http("GET", f"/v1/tokens/{name}/secret")
        return answer.get("access_token") if status == 200 else None

    def secrets(self):
        names = [token["name"] for token in self.get("/v1/tokens")["tokens"]]
        return {name: self.secret(name) for name in names}

    def web(self, path, form=None):
        """A request from outside, as the proxy passes it on."""
        connection = Local(self.folder / "web", PATIENCE)
        try:
            body = urllib.parse.urlencode(form) if form else None
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
            connection.request("POST" if form else "GET", path, body, {"Host": "tokens.example.com", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def browse(self, path, form=None):
        """Where an answer of the public part sends the browser."""
        connection = Local(self.folder / "web", PATIENCE)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
            body = urllib.parse.urlencode(form) if form is not None else None
            connection.request("GET" if form is None else "POST", path, body, {"Host": "tokens.example.com", **headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location")
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()

    def log_in(self, link, person):
        """Reads the dialog as the person, and allows everything. Returns where the browser is sent."""
        page = f"{self.url}/dialog/oauth?{urllib.parse.urlsplit(link).query}&person={person}"
        with urllib.request.urlopen(page, timeout=PATIENCE) as answer:
            fields = re.findall(r"<input\b([^>]*)>", answer.read().decode())
        form = []
        for field in fields:
            named = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
            is_choice = named.get("type") in ("radio", "checkbox")
            if "name" in named and " disabled" not in field and (not is_choice or " checked" in field):
                form.append((named["name"], named["value"].replace("&amp;", "&")))
        body = urllib.parse.urlencode([*form, ("answer", "allow")])
        target = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(target.netloc, timeout=PATIENCE)
        path = f"/dialog/oauth?{urllib.parse.urlsplit(link).query}&person={person}"
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status in (302, 303), answer.status
        return answer.getheader("Location")


def listen(notify, daemon, ready):
    """As systemd does, because a daemon whose messages nobody reads would wait."""
    notify.settimeout(0.2)
    with notify:
        while daemon.poll() is None:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in notify.recv(4096):
                    ready.set()


def signed_request(person):
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    payload = json.dumps({"algorithm": "HMAC-SHA256", "issued_at": int(time.time()), "user_id": person}).encode()
    signature = hmac.new(APP_SECRET.encode(), encode(payload), hashlib.sha256).digest()
    return (encode(signature) + b"." + encode(payload)).decode()


def copy(template, folder):
    """A folder as it was when nothing ran."""
    shutil.copytree(template, folder, ignore=shutil.ignore_patterns("socket", "web", "notify", "*.log", "log"))
