"""The world of a page: a machine of its own for each page, in name spaces of this one, which goes when the page ends.

In it are the program as /usr/bin/perennial, with a valid configuration, a key, and the daemon running; the checkout as
the folder in which the commands are typed; the simulated Graph, as https://graph.facebook.com and the like; a proxy with
TLS that serves the daemon's public part as https://tokens.example.com; and a mail server, smtps://smtp.example.com. No
other network is there. The clock stands still, and moves only when a page says so. `world` (bin/world) makes tokens
and lets things happen. `sudo`, `systemctl` and `cargo` are small stand-ins, also in bin/."""

import ctypes
import glob
import json
import os
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import tomllib
from datetime import date, datetime
from fcntl import ioctl
from pathlib import Path

HOME = "/home/ada"
START = "2026-12-01 09:00:00"
APP_SECRET = "0123456789abcdef0123456789abcdef"
KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
META = ["graph.facebook.com", "www.facebook.com", "graph.instagram.com", "api.instagram.com", "www.instagram.com",
        "graph.threads.net", "threads.net", "www.threads.net", "threads.com", "www.threads.com"]
OWN = ["tokens.example.com", "smtp.example.com"]
# At an address that is nobody's own, because deliveries and messages to private ones are refused.
OTHERS = ["hc-ping.com", "hooks.example.com"]
OTHERS_ADDRESS = "5.22.145.16"
CONFIGURATION = Path("/etc/perennial/perennial.toml")
CREDENTIALS = Path("/etc/perennial/credentials")
USERS = ["alice", "chatbot", "connector", "www-data"]

BASE = """
[[app]]
name = "acme"
id = "118212204881512"
secret = { credential = "acme.secret" }
scopes = ["pages_show_list", "pages_messaging"]
[inventory]
key = { credential = "inventory.key" }
[alerts]
from = "Perennial <perennial@example.com>"
to = ["ops@example.com"]
company = "Acme GmbH"
contact = "help@acme.example"
smtp = { url = "smtps://perennial@smtp.example.com:465", password = { credential = "smtp.password" } }
[web]
listen = "127.0.0.1:8480"
public_url = "https://tokens.example.com"
"""

WORLD = """
now = "2026-12-01T09:00:00Z"
[[app]]
id = "118212204881512"
secret = "0123456789abcdef0123456789abcdef"
name = "acme"
[[page]]
id = "104862175900312"
name = "Bakery"
[[page]]
id = "104862175900313"
name = "Florist"
[[page]]
id = "104862175900314"
name = "Café"
[[person]]
id = "10226154892317044"
name = "Maria Schmidt"
pages = ["104862175900312", "104862175900313"]
[[person]]
id = "10226154892317045"
name = "Ada Lovelace"
pages = ["104862175900314"]
[[person]]
id = "10226154892317046"
name = "Zoë Hoffmann"
pages = []
"""


def environment():
    """Of every program in it. The clock is read from a file; waiting takes as long as it takes."""
    return {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "USER": "root", "LANG": "C.UTF-8",
            "TERM": "xterm", "NO_COLOR": "1", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1",
            "LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0], "FAKETIME_TIMESTAMP_FILE": "/run/book/now",
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
            "FAKETIME_DISABLE_SHM": "1"}


def call(*command):
    subprocess.run(command, check=True, capture_output=True)


def enter(program, checkout, scratch):
    """Called in new name spaces: what is changed from here on is changed in memory, and seen by nobody else."""
    call("mount", "--make-rprivate", "/")
    call("mount", "-t", "tmpfs", "tmpfs", scratch)
    root = scratch / "root"
    overlay("/", root, scratch / "machine")
    for name in ("dev", "sys"):
        call("mount", "--rbind", f"/{name}", root / name)
    call("mount", "-t", "proc", "proc", root / "proc")
    for name in ("tmp", "run", "dev/shm"):
        call("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", root / name)
    (root / HOME[1:]).mkdir(parents=True)
    overlay(checkout, root / HOME[1:] / "perennial", scratch / "checkout")
    shutil.copy(program, root / "usr/bin/perennial")
    for stand_in in (checkout / "tests/book/bin").iterdir():
        shutil.copy(stand_in, root / "usr/local/bin" / stand_in.name)
    os.chroot(root)
    os.chdir(f"{HOME}/perennial")
    socket.sethostname("server")
    bring_up_network()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def overlay(lower, place, upper):
    for name in ("changed", "work"):
        (upper / name).mkdir(parents=True)
    place.mkdir(exist_ok=True)
    call("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper}/changed,workdir={upper}/work", place)


def bring_up_network():
    """What `ip link set lo up` and `ip address add` do."""
    up = struct.pack("16sh14x", b"lo", 1 | 64)
    address = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(OTHERS_ADDRESS))
    with socket.socket() as any_socket:
        ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
        ioctl(any_socket, 0x8916, address)  # SIOCSIFADDR


class World:
    def __init__(self):
        Path("/run/book").mkdir()
        # So that the certificates are valid by the clock of the world and by that of the machine.
        Path("/run/book/now").write_text("2026-01-01 00:00:00\n")
        self.make_machine()
        self.certify()
        Path("/run/book/now").write_text(START + "\n")
        Path("/run/book/world.toml").write_text(WORLD)
        self.start_meta("perennial", "graph-sim", "--listen", "127.0.0.1:8400", "--world",
                   "/run/book/world.toml", "--speed", "0")
        self.shell("world sim paging_host '{\"origin\": \"https://graph.facebook.com\"}'")
        self.apps = {"118212204881512"}
        self.configuration = {}
        self.files = []

    def make_machine(self):
        own, others = " ".join(META + OWN), " ".join(OTHERS)
        Path("/etc/hosts").write_text(f"127.0.0.1 localhost server {own}\n{OTHERS_ADDRESS} {others}\n")
        CREDENTIALS.mkdir(parents=True, mode=0o700)
        Path("/var/lib/perennial").mkdir()
        Path("/run/perennial").mkdir()
        users, groups = Path("/etc/passwd"), Path("/etc/group")
        known = users.read_text()
        with users.open("a") as file, groups.open("a") as group_file:
            for number, name in enumerate([*USERS, "perennial"], 4100):
                if f"\n{name}:" not in known:
                    file.write(f"{name}:x:{number}:{number}::/home/{name}:/bin/sh\n")
                    group_file.write(f"{name}:x:{number}:{'alice' if name == 'perennial' else ''}\n")

    def certify(self):
        names = ",".join(f"DNS:{name}" for name in META + OWN + OTHERS)
        tls = Path("/run/book/tls")
        tls.mkdir()
        key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        self.shell(f"""cd {tls}
            openssl req -x509 {key} -days 3650 -subj '/CN=Authority of the book' -keyout ca.key -out ca.crt
            openssl req {key} -subj /CN=graph.facebook.com -keyout key.pem -out request.pem
            echo 'subjectAltName={names}' >extensions
            openssl x509 -req -days 3650 -in request.pem -CA ca.crt -CAkey ca.key -extfile extensions -out cert.pem
            cat ca.crt >>/etc/ssl/certs/ca-certificates.crt""")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(tls / "cert.pem", tls / "key.pem")
        serve(443, self.proxy)
        serve(465, self.take_mail)

    def start_meta(self, *command):
        with open("/var/log/book.log", "ab") as log:
            process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            try:
                socket.create_connection(("127.0.0.1", 8400)).close()
                return
            except OSError:
                assert process.poll() is None, Path("/var/log/book.log").read_text()
                time.sleep(0.05)

    def shell(self, command):
        done = subprocess.run(["bash", "-c", f"set -eo pipefail\n{command}"], env=environment(), capture_output=True, text=True,
                              timeout=60)
        if done.returncode:
            raise RuntimeError(f"{command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.rstrip("\n")

    def proxy(self, connection):
        """To whom the name in the handshake belongs; a name that is nobody's gets a friendly answer."""
        asked = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("/run/book/tls/cert.pem", "/run/book/tls/key.pem")
        context.sni_callback = lambda _, name, __: asked.append(name)
        with context.wrap_socket(connection, server_side=True) as inside:
            if not asked or asked[0] in META or asked[0] == "tokens.example.com":
                port = 8480 if asked and asked[0] == "tokens.example.com" else 8400
                with socket.create_connection(("127.0.0.1", port)) as outside:
                    relay(inside, outside)
            elif inside.recv(65536):
                inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def take_mail(self, connection):
        """A mail server that takes every password and every email."""
        with self.tls.wrap_socket(connection, server_side=True) as inside:
            stream = inside.makefile("rwb")

            def say(words):
                stream.write(words.encode() + b"\r\n")
                stream.flush()

            say("220 smtp.example.com ESMTP")
            while line := stream.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "EHLO":
                    say("250-smtp.example.com\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
                elif word == "AUTH":
                    say("235 2.7.0 Authentication successful")
                elif word == "DATA":
                    say("354 End data with <CR><LF>.<CR><LF>")
                    while stream.readline() not in (b".\r\n", b""):
                        pass
                    say("250 2.0.0 Ok: queued as 4FzQkR1Xz2")
                elif word == "QUIT":
                    say("221 2.0.0 Bye")
                    return
                else:
                    say("250 2.0.0 Ok")

    def use(self, piece):
        """Puts a piece of perennial.toml into use: what has the same name, or the same place, is replaced."""
        piece = tomllib.loads(piece)
        if not self.configuration:
            self.configuration = tomllib.loads(BASE)
            if any("id" in app for app in piece.get("app", [])):
                self.configuration["app"] = []
        for key, value in piece.items():
            if key == "app":
                self.use_apps(value)
            elif isinstance(value, dict):
                self.use_table(self.configuration.setdefault(key, {}), value)
            elif isinstance(value, list):
                self.configuration.setdefault(key, []).extend(value)
            else:
                self.configuration[key] = value
        self.write_configuration()
        self.shell("systemctl restart perennial && perennial check-config")

    def use_apps(self, apps):
        for app in apps:
            known = [old for old in self.configuration["app"] if old["name"] == app.get("name", old["name"])]
            if known:
                known[0].update(app)
            else:
                self.configuration["app"].append(app)

    def use_table(self, old, new):
        for key, value in new.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                old.setdefault(key, []).extend(value)
            else:
                old[key] = value
        if "path" in new or "url" in new:
            old.pop("url" if "path" in new else "path", None)

    def write_configuration(self):
        for app in self.configuration["app"]:
            self.tell_meta(app)
        for name in credentials_in(self.configuration):
            file = CREDENTIALS / name
            if not file.exists():
                file.write_text(made_up(name))
                file.chmod(0o600)
        CONFIGURATION.write_text(toml(self.configuration))
        CONFIGURATION.chmod(0o640)

    def tell_meta(self, app):
        if app["id"] not in self.apps:
            self.apps.add(app["id"])
            order = {"id": app["id"], "secret": APP_SECRET, "name": app["name"]}
            if "platform" in app:
                order["platform"] = app["platform"]
            if "login_config_id" in app:
                order["configurations"] = {app["login_config_id"]: ["pages_show_list", "pages_messaging"]}
            self.shell(f"world sim apps '{json.dumps(order)}'")


def serve(port, answer):
    listening = socket.create_server(("0.0.0.0", port))

    def handle(connection):
        try:
            answer(connection)
        except OSError:
            connection.close()

    def take():
        while True:
            threading.Thread(target=handle, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=take, daemon=True).start()


def relay(inside, outside):
    """Until one of them closes, or breaks; then the other is closed too. In one thread, because a connection with TLS
    must not be read and written at the same time."""
    while True:
        # What is decrypted already shows in no socket.
        ready = [inside] if inside.pending() else select.select([inside, outside], [], [])[0]
        for from_here, there in ((inside, outside), (outside, inside)):
            if from_here in ready:
                said = from_here.recv(65536)
                if not said:
                    return
                there.sendall(said)


def daemon_log():
    log = Path("/var/log/perennial.log")
    return "\nThe daemon said:\n" + "".join(log.read_text().splitlines(True)[-10:]) if log.exists() else ""


def credentials_in(value):
    if isinstance(value, list):
        return {name for item in value for name in credentials_in(item)}
    if not isinstance(value, dict):
        return set()
    names = {value["credential"]} if isinstance(value.get("credential"), str) else set()
    return names | {name for item in value.values() for name in credentials_in(item)}


def made_up(name):
    if name == "inventory.key":
        return KEY
    if name.endswith(".url"):
        return "https://hooks.example.com/4tRkQ"
    if name in ("webhook.verify", "smtp.password"):
        return "correct horse: battery"
    if name.endswith(".secret") and not any(word in name for word in ("webhook", "hook")):
        return APP_SECRET
    return "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def toml(configuration):
    """Tables of tables are written in a line."""
    plain = {key: value for key, value in configuration.items() if not is_table(value)}
    lines = [f"{key} = {inline(value)}" for key, value in plain.items()]
    for key, value in configuration.items():
        if key not in plain:
            for table in value if isinstance(value, list) else [value]:
                lines.append(f"[[{key}]]" if isinstance(value, list) else f"[{key}]")
                lines.extend(f"{name} = {inline(item)}" for name, item in table.items())
    return "\n".join(lines) + "\n"


def is_table(value):
    return isinstance(value, dict) or isinstance(value, list) and value and isinstance(value[0], dict)


def inline(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {inline(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
