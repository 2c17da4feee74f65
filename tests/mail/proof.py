"""The daemon's emails through real mail servers: each case prints a line, and any that fails ends it with 1.

Usage: proof.py PERENNIAL SCRATCH
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from pathlib import Path

import emails
from servers import (HOST, PASSWORD, USER, Authority, Greylist, Postfix, Proxy, Second, answers, free_port, needs,
                     wait_for)

PEOPLE = ["relay", "wrong", "stranger", "grey", "full", "cut", "crash", "maria", "refused", "story", "names"]
# A first retry comes after a minute.
RETRY = 150


class Daemon:
    """One daemon with an inventory, a configuration and a socket of its own; ended by its process id."""

    def __init__(self, program, folder, url, ca, to, extra="", app=""):
        folder.mkdir()
        self.program, self.folder = program, folder
        self.configuration = folder / "perennial.toml"
        for name, content in (("app.secret", "0123456789abcdef"), ("smtp.password", PASSWORD),
                              ("inventory.key", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=")):
            (folder / name).write_text(content)
            (folder / name).chmod(0o600)
        ca = f', ca = "{ca}"' if ca else ""
        self.configuration.write_text(f"""
timezone = "UTC"
[[app]]
name = "acme"
id = "1000"
secret = {{ file = "{folder}/app.secret" }}
graph_url = "{app or f'http://{HOST}:9'}"
[inventory]
path = "{folder}/inventory.db"
key = {{ file = "{folder}/inventory.key" }}
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
[alerts]
from = "Perennial <perennial@example.com>"
to = {json.dumps(to)}
company = "Acme GmbH"
contact = "help@acme.example"
smtp = {{ url = "{url}", password = {{ file = "{folder}/smtp.password" }}{ca} }}
{extra}
[status]
socket = "{folder}/socket"
""")
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([self.program, "--config", self.configuration, "run"], stdout=self.log,
                                        stderr=self.log)
        wait_for("socket", lambda: (self.folder / "socket").exists() and self.ask("status").returncode == 0)

    def ask(self, *arguments, stdin=None):
        command = [self.program, "--config", self.configuration, "--socket", self.folder / "socket", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=RETRY + 30)

    def mail_test(self, to):
        return self.ask("mail-test", to, "--timeout", "30s")

    def status(self):
        return json.loads(self.ask("status", "--json").stdout)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
        self.log.close()


class Post:
    """What all cases share."""

    def __init__(self, program, scratch):
        self.program, self.scratch = program, scratch
        self.authority = Authority(scratch / "tls")
        self.greylist = Greylist()
        self.postfix = Postfix(scratch / "postfix", self.authority, PEOPLE, self.greylist.port)
        self.second = Second(self.authority)
        self.daemons = []

    def relay(self, port):
        return f"smtp+starttls://{USER}@localhost:{port}"

    def daemon(self, name, url, ca=None, **more):
        daemon = Daemon(self.program, self.scratch / name, url, ca or self.authority.ca,
                        more.pop("to", [f"{name}@example.com"]), **more)
        self.daemons.append(daemon)
        return daemon

    def delivered(self, name, count, seconds=30):
        wait_for(f"email {count} for {name}", lambda: len(self.postfix.box(name)) >= count, seconds)
        time.sleep(2)
        found = self.postfix.box(name)
        assert len(found) == count, f"{name} has {len(found)} emails, not {count}"
        return [emails.read(file.read_bytes()) for file in found]

    def stop(self):
        for daemon in self.daemons:
            daemon.stop()
        self.second.stop()
        self.postfix.stop()


def said(outcome, *words):
    for word in words:
        assert word in outcome.stdout + outcome.stderr, f"{word!r} is missing in: {outcome.stdout}{outcome.stderr}"


def relay_with_starttls_and_login(post):
    daemon = post.daemon("relay", post.relay(post.postfix.port))
    outcome = daemon.mail_test("relay@example.com")
    assert outcome.returncode == 0, outcome
    said(outcome, "connected to localhost:", "STARTTLS, and the certificate is good",
         "the server accepts user and password", "recipient 1 is accepted: 250 2.1.5 Ok",
         "the email is taken: 250 2.0.0 Ok: queued as", "The email was sent")
    (email,) = post.delivered("relay", 1)
    assert email["Subject"] == "Perennial can reach you by email"
    assert any("(using TLSv1.3" in line for line in email.get_all("Received"))


def a_wrong_password_is_told_and_nothing_is_sent(post):
    daemon = post.daemon("wrong", post.relay(post.postfix.port).replace(USER, "somebody"))
    outcome = daemon.mail_test("wrong@example.com")
    assert outcome.returncode == 1, outcome
    said(outcome, "does not accept user and password (535)")
    assert PASSWORD not in outcome.stdout + outcome.stderr + (daemon.folder / "log").read_text()
    assert not post.postfix.box("wrong")


def a_server_that_nobody_vouches_for_hears_nothing(post):
    other = Authority(post.scratch / "other-tls")
    daemon = post.daemon("stranger", post.relay(post.postfix.port), ca=other.ca)
    outcome = daemon.mail_test("stranger@example.com")
    assert outcome.returncode == 1, outcome
    said(outcome, "cannot reach the mail server", "certificate")
    assert not post.postfix.box("stranger")


def greylisting_is_waited_out(post):
    daemon = post.daemon("grey", post.relay(post.postfix.grey))
    outcome = daemon.mail_test("grey@example.com")
    assert outcome.returncode == 1, outcome
    said(outcome, "recipient 1 is not accepted", "(450)", "Greylisted, come back later")
    post.delivered("grey", 1, RETRY)
    assert post.greylist.put_off >= 1
    assert daemon.status()["mail"]["queued"] == 0


def a_full_queue_is_waited_out(post):
    proxy = Proxy(post.postfix.full)
    daemon = post.daemon("full", post.relay(proxy.port))
    outcome = daemon.mail_test("full@example.com")
    assert outcome.returncode == 1, outcome
    said(outcome, "(452)", "Insufficient system storage")
    proxy.upstream = post.postfix.port
    post.delivered("full", 1, RETRY)


def a_connection_cut_after_the_data_repeats_the_same_email(post):
    proxy = Proxy(post.postfix.port)
    daemon = post.daemon("cut", post.relay(proxy.port))
    proxy.hold_the_answer()
    asked = threading.Thread(target=daemon.mail_test, args=("cut@example.com",))
    asked.start()
    post.delivered("cut", 1)
    proxy.cut.set()
    asked.join()
    first, again = post.delivered("cut", 2, RETRY)
    assert first["Message-ID"] == again["Message-ID"]
    assert emails.text(first) == emails.text(again) and emails.html(first) == emails.html(again)


def a_daemon_killed_before_it_could_note_repeats_the_same_email(post):
    proxy = Proxy(post.postfix.port)
    daemon = post.daemon("crash", post.relay(proxy.port))
    proxy.hold_the_answer()
    asked = threading.Thread(target=daemon.mail_test, args=("crash@example.com",))
    asked.start()
    post.delivered("crash", 1)
    daemon.kill()
    proxy.cut.set()
    asked.join()
    daemon.start()
    first, again = post.delivered("crash", 2, RETRY)
    assert first["Message-ID"] == again["Message-ID"]
    time.sleep(5)
    assert len(post.postfix.box("crash")) == 2


def who_is_refused_is_told_to_an_operator(post):
    daemon = post.daemon("refused", post.relay(post.postfix.port))
    outcome = daemon.mail_test("nobody@example.com")
    assert outcome.returncode == 1, outcome
    said(outcome, "(550)", "User unknown", "perennial mail-test ADDRESS")
    (email,) = post.delivered("refused", 1)
    assert email["Subject"] == "Email not delivered to nobody@example.com: Perennial can reach you by email"
    assert email["In-Reply-To"] and "(550)" in emails.text(email)


def many_emails_go_over_one_connection(post):
    proxy = Proxy(post.second.port)
    daemon = post.daemon("second", f"smtps://{USER}@localhost:{proxy.port}", to=["second@example.com"])
    outcome = daemon.mail_test("second@example.com")
    assert outcome.returncode == 0, outcome
    said(outcome, "TLS from the first byte, and the certificate is good", "the email is taken: 250 2.0.0 kept")
    # What waits while the server is away goes at once when it is back.
    proxy.upstream = free_port()
    before = proxy.connections
    for number in range(5):
        daemon.ask("mail-test", f"second{number}@example.com", "--timeout", "1s")
    away = proxy.connections - before
    proxy.upstream = post.second.port
    wait_for("six emails", lambda: len(post.second.taken) >= 6, RETRY)
    time.sleep(2)
    taken = post.second.taken
    assert len(taken) == 6, len(taken)
    assert proxy.connections - before - away <= 2, "a connection for each email"
    ids = {emails.read(content)["Message-ID"] for _, content in taken}
    assert len(ids) == 6
    assert post.second.logins >= 2


def an_incident_threads_and_names_survive(post):
    simulator = subprocess.Popen([post.program, "graph-sim", "--listen", f"{HOST}:0"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
    try:
        graph = "http://" + simulator.stdout.readline().split()[-1].removeprefix("http://").rstrip("/")
        sim = lambda path, body, method="POST": call(graph, path, body, method)
        sim("/sim/apps", {"id": "1000", "secret": "0123456789abcdef", "name": "acme"})
        page = sim("/sim/pages", {"name": "Bäckerei Öl & Gas 東京"})["id"]
        person = sim("/sim/people", {"name": "Zoë Müller-Lüdenscheidt", "pages": [page]})["id"]
        token = lambda: sim("/sim/tokens", {"kind": "long_lived", "app": "1000", "person": person, "pages": [page],
                                            "scopes": ["pages_show_list", "pages_messaging"]})["access_token"]
        daemon = post.daemon("story", post.relay(post.postfix.port), app=graph, extra='language = "de"')
        outcome = daemon.ask("import", "--app", "acme", "--name", "acme-zoe", "--owner", "names@example.com",
                             "--discover", stdin=token())
        assert outcome.returncode == 0, outcome
        wait_for("healthy tokens", lambda: daemon.status()["tokens"]["healthy"] == 2, 60)
        sim("/sim/actions", {"what": "change_password", "person": person})
        daemon.ask("check", "acme-zoe")
        (first,) = post.delivered("names", 1, 300)
        assert first["Subject"].startswith("Bitte erneut bei Facebook anmelden: Zoë Müller-Lüdenscheidt")
        assert "Bäckerei Öl & Gas 東京" in emails.text(first)
        assert "Bäckerei Öl &amp; Gas 東京" in emails.html(first)
        daemon.ask("import", "--replace", "acme-zoe", stdin=token())
        first, last = post.delivered("names", 2, 300)
        assert last["Subject"].startswith("Funktioniert wieder nach"), last["Subject"]
        assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
        assert last["X-Perennial-Incident"] == first["X-Perennial-Incident"]
    finally:
        simulator.terminate()
        simulator.wait()


def call(graph, path, body, method):
    request = urllib.request.Request(graph + path, data=json.dumps(body).encode(), method=method,
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


CASES = [relay_with_starttls_and_login, a_wrong_password_is_told_and_nothing_is_sent,
         a_server_that_nobody_vouches_for_hears_nothing, greylisting_is_waited_out, a_full_queue_is_waited_out,
         a_connection_cut_after_the_data_repeats_the_same_email,
         a_daemon_killed_before_it_could_note_repeats_the_same_email, who_is_refused_is_told_to_an_operator,
         many_emails_go_over_one_connection, an_incident_threads_and_names_survive]


def main(program, scratch, *only):
    needs()
    scratch = Path(scratch)
    scratch.chmod(0o711)
    post = Post(program, scratch)
    failed = []

    def play(case):
        name, start = case.__name__.replace("_", " "), time.monotonic()
        try:
            case(post)
            print(f"ok {name} ({time.monotonic() - start:.0f} s)", flush=True)
        except Exception:
            failed.append(name)
            print(f"not ok {name}\n{traceback.format_exc()}", flush=True)

    cases = [case for case in CASES if not only or case.__name__ in only]
    threads = [threading.Thread(target=play, args=(case,)) for case in cases]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        post.stop()
    if failed:
        print(post.postfix.log.read_text()[-4000:])
        for daemon in post.daemons:
            print(daemon.folder.name, (daemon.folder / "log").read_text()[-1500:])
    emails_toml = scratch / "emails.toml"
    emails_toml.write_text((scratch / "relay" / "perennial.toml").read_text() if (scratch / "relay").exists() else "")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
