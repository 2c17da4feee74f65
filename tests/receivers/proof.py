"""Receivers and their stores, while a token is replaced: each case prints a line, and any that fails ends it with 1.

Usage: proof.py PERENNIAL SCRATCH RECEIVERS    with the Python that has standardwebhooks, and NODE_PATH for verify.js
"""

import base64
import http.client
import json
import os
import secrets
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

from premises import Premises, case, wait_for
from standardwebhooks import Webhook
from stores import BIN, STORES

HERE = Path(__file__).parent
NAME = "acme-bakery"


def new_secret(path):
    path.write_text(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    path.chmod(0o600)
    return path


class Server:
    """A program that says first where it listens."""

    def __init__(self, command, environment, log):
        self.log = log
        with open(log, "wb") as errors:
            environment = {**os.environ, **{name: str(value) for name, value in environment.items()}}
            self.process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=errors)
        greeting = self.process.stdout.readline()
        assert greeting.startswith("listening on "), log.read_text()
        self.url = greeting.split()[-1]

    def post(self, body, headers):
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request("POST", "/", body, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Receiver(Server):
    """A receiver with its store. Both are named as the file of the receiver."""

    def __init__(self, name, programs, scratch):
        self.name, folder = name, scratch / name
        folder.mkdir()
        self.secret = new_secret(folder / "webhook.secret")
        self.store = STORES[name](folder)
        environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "PERENNIAL_SOCKET": scratch / "socket",
                       "RECEIVER_LISTEN": "127.0.0.1:0", "WEBHOOK_SECRET_FILE": self.secret}
        environment |= self.store.environment()
        self.store.start()
        super().__init__([sys.executable, programs / f"{name}.py"], environment, folder / "log")

    def message(self, version, signed_with=None, age=timedelta()):
        """What the daemon sends for a version, signed with its secret or another one."""
        then, data = datetime.now(timezone.utc) - age, {"token": NAME, "version": version}
        body = json.dumps({"type": "token.updated", "timestamp": then.isoformat(), "data": data})
        webhook = Webhook((signed_with or self.secret).read_text().strip())
        headers = {"webhook-id": "dlv_1", "webhook-timestamp": str(int(then.timestamp())),
                   "webhook-signature": webhook.sign("dlv_1", then, body)}
        return body, headers

    def stop(self):
        super().stop()
        self.store.stop()


class Company:
    """The premises with a delivery for each receiver, and one with two secrets for a program in Node."""

    def __init__(self, program, scratch, programs):
        self.premises, self.tokens, self.servers = Premises(program, scratch), [], []
        try:
            self.receivers = [self.started(Receiver(name, programs, scratch)) for name in STORES]
            old, new, foreign = (new_secret(scratch / f"{age}.secret") for age in ("old", "new", "foreign"))
            command = ["node", HERE / "verify.js", old, new, foreign]
            self.node = self.started(Server(command, {}, scratch / "node.log"))
            with open(scratch / "perennial.toml", "a") as configuration:
                for receiver in self.receivers:
                    configuration.write(delivery(receiver.name, receiver.url, [receiver.secret]))
                configuration.write(delivery("node", self.node.url, [new, old]))
            reloaded = self.premises.ask("reload")
            assert reloaded.returncode == 0, reloaded
        except BaseException:
            self.stop()
            raise

    def started(self, server):
        self.servers.append(server)
        return server

    def stop(self):
        self.premises.stop()
        for server in self.servers:
            server.stop()

    def import_token(self):
        self.tokens.append(self.premises.new_token())
        added = self.premises.ask("import", "--app", "acme", "--name", NAME, stdin=self.tokens[-1])
        assert added.returncode == 0, added

    def replace_token(self):
        self.tokens.append(self.premises.new_token())
        self.premises.replace(NAME, self.tokens[-1])

    def delivery(self, sink):
        """The delivery of the latest version to a sink; None before there is one."""
        asked = self.premises.ask("deliveries", "--json")
        assert asked.returncode == 0, asked
        of_sink = [it for it in json.loads(asked.stdout)["deliveries"] if it["sink"] == sink]
        return next((it for it in of_sink if it["version"] == len(self.tokens)), None)

    def in_use(self, sink):
        return (self.delivery(sink) or {}).get("state") == "in_use"


def delivery(name, url, files):
    several = ", ".join(f'{{ file = "{file}" }}' for file in files)
    secret = f"[{several}]" if len(files) > 1 else several
    return f'[[delivery]]\nname = "{name}"\ntokens = ["acme-*"]\nwebhook = {{ url = "{url}", secret = {secret} }}\n'


def a_test_is_answered_and_stores_nothing(company, receiver):
    tested = company.premises.ask("deliveries", "--test", receiver.name)
    assert tested.returncode == 0, tested
    assert receiver.store.token(NAME) is None


def the_latest_version_is_stored_and_in_use(company, receiver):
    wait_for(lambda: f"in_use of {company.delivery(receiver.name)}\n{receiver.log.read_text()}",
             lambda: company.in_use(receiver.name))
    assert receiver.store.token(NAME) == company.tokens[-1]


def a_store_that_fails_is_not_in_use(company, receiver):
    # The daemon tries again once within seconds, and then not for minutes.
    wait_for("the second attempt", lambda: (company.delivery(receiver.name) or {}).get("attempts", 0) >= 2)
    failed = company.delivery(receiver.name)
    assert failed["state"] == "pending" and "503" in failed["last_error"], failed
    assert receiver.store.token(NAME) == company.tokens[-2]


def an_old_version_is_not_stored_again(company, receiver):
    assert receiver.post(*receiver.message(1)) == 503
    assert receiver.store.token(NAME) == company.tokens[-1]


def a_message_that_arrives_twice_does_no_harm(company, receiver):
    assert receiver.post(*receiver.message(len(company.tokens))) == 200
    assert receiver.store.token(NAME) == company.tokens[-1]


def a_forged_message_is_refused(company, receiver):
    """While its store does not have the latest version: it would take that."""
    latest = len(company.tokens)
    body, signed = receiver.message(latest)
    earlier = receiver.message(latest - 1)[0]
    for forged in (
        receiver.message(latest, signed_with=new_secret(receiver.log.with_name("forged.secret"))),
        receiver.message(latest, age=timedelta(minutes=6)),
        (body, {}),
        (body, {**signed, "webhook-id": "dlv_2"}),
        (body, {**signed, "webhook-signature": "v1"}),
        (body, {**signed, "webhook-signature": "v1,\u00e9"}),
        (body, {**signed, "Content-Length": "-1"}),
        (earlier, signed),
    ):
        status = receiver.post(*forged)
        assert 400 <= status < 500, (status, forged)
    assert receiver.store.token(NAME) == company.tokens[-2]


def no_token_is_shown(company, receiver):
    calls = receiver.log.with_name("calls")
    shown = receiver.log.read_text() + (calls.read_text() if calls.exists() else "")
    assert not any(token in shown for token in company.tokens)


def each_of_two_secrets_verifies_a_message(company):
    line = json.loads(company.node.process.stdout.readline())
    assert line == {"type": "token.updated", "verified": [True, True, False]}, line


def main():
    program, scratch, programs = sys.argv[1:]
    company, failures = Company(program, Path(scratch), Path(programs)), []

    def all_of(story):
        for receiver in company.receivers:
            with case(f"{receiver.name}.py {story.__name__.replace('_', ' ')}", failures):
                story(company, receiver)

    try:
        all_of(a_test_is_answered_and_stores_nothing)
        company.import_token()
        all_of(the_latest_version_is_stored_and_in_use)
        with case("verify.js each of two secrets verifies a message", failures):
            each_of_two_secrets_verifies_a_message(company)
        company.replace_token()
        all_of(the_latest_version_is_stored_and_in_use)
        all_of(a_message_that_arrives_twice_does_no_harm)
        for receiver in company.receivers:
            receiver.store.fails = True
        company.replace_token()
        all_of(a_store_that_fails_is_not_in_use)
        for receiver in company.receivers:
            receiver.store.fails = False
        all_of(a_forged_message_is_refused)
        retried = company.premises.ask("deliveries", "--retry")
        assert retried.returncode == 0, retried
        all_of(the_latest_version_is_stored_and_in_use)
        all_of(an_old_version_is_not_stored_again)
        all_of(no_token_is_shown)
    finally:
        company.stop()
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
