"""What is broken off at each point, how it is done, and what must hold after the next start."""

import contextlib
import os
import sqlite3
import threading
import time

from peers import MailServer, Receiver
from place import APP, PEOPLE, SCOPES, signed_request, wait_for

QUICK = '[schedule]\nsweep = "* * * * * *"\nmail = "* * * * * *"\nbackup = ""\ndigest = ""\n'
WEB = '[web]\nlisten = "unix:HERE/web"\npublic_url = "https://tokens.example.com"\n'
FILES = '[[delivery]]\nname = "file"\ntokens = ["*"]\non_dead = "remove"\nfile = { path = "HERE/tokens/{name}" }\n'
FIRST = ("robot", "ada", "bob", "bakery")


class Operation:
    """One that a running daemon does. `weak` is true where a disk lied about what it had kept."""

    configuration, from_start, is_tool = QUICK, False, False
    imported = FIRST

    def __init__(self, place, weak=False):
        self.place, self.weak, self.issued, self.acked = place, weak, {}, False

    # The template.
    def prepare(self):
        self.place.start()
        for name in self.imported:
            self.import_token(name)
        self.until_healthy(self.imported)

    def import_token(self, name):
        order = {"app": "acme", "name": name, "access_token": self.issued[name]}
        return self.place.call("POST", "/v1/tokens", order)

    def until_healthy(self, names):
        wait_for(f"the check of {names}", lambda: self.are_healthy(names) or self.place.has_ended())

    def are_healthy(self, names):
        return set(names) <= {name for name, in self.rows("SELECT name FROM token WHERE state = 'healthy'")}

    def names(self):
        return {name for name, in self.rows("SELECT name FROM token")}

    def version(self, name):
        return sum(version for version, in self.rows(f"SELECT version FROM token WHERE name = '{name}'"))

    def rows(self, query):
        """Reads beside the daemon, so that looking passes no point. Nothing while that is impossible."""
        path = f"file:{self.place.folder}/inventory.db?mode=ro"
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, uri=True)) as inventory:
            return inventory.execute(query).fetchall()
        return []

    # Each attempt.
    def started(self):
        """What happens at Meta before the operation."""

    def furnish(self):
        """What the world needs besides the folder."""

    def act(self):
        raise NotImplementedError

    def come_back(self):
        """The next start of the daemon."""
        self.place.start()

    def check(self):
        """After that start."""

    def again(self):
        """Does it once more, to its end."""

    def dismiss(self):
        """The end of what `furnish` began."""

    # What holds for all.
    def check_tokens(self, but=()):
        """Each token is there with the secret that it had, which works; those in `but` are looked at elsewhere."""
        found = self.place.secrets()
        for name in self.imported:
            if name not in but:
                self.same(f"the secret of {name}", found.get(name), self.issued[name])
        for name, secret in found.items():
            if name in but and not secret:
                continue
            assert secret, f"no secret of {name} can be read"
            assert self.place.works(secret), f"the secret of {name} does not work"
        return found

    def same(self, what, found, expected):
        assert found == expected, f"{what} is {str(found)[:24]}, not {str(expected)[:24]}"

    def check_file(self):
        """Looks into the inventory once the daemon has ended."""
        check_inventory(self.place.folder / "inventory.db")
        left = [path for path in self.place.folder.rglob("*") if "unfinished" in path.name]
        copies = [path for path in left if path.name.startswith(".unfinished-copy-")]
        for path in copies:
            os.utime(path, (time.time() - 2 * 86400,) * 2)
        if copies:
            # The next copy beside them removes those that are old.
            done = self.place.ask("backup", str(copies[0].with_name("another-copy.db")))
            assert done.returncode == 0, done
        left = [path.name for path in left if path.exists()]
        assert not left, f"left over: {left}"

    def check_exchanges(self, most=1):
        for name, secret in self.issued.items():
            count = self.place.exchanges_of(secret)
            assert self.weak or count <= most, f"{name} was exchanged {count} times"

    def tamper(self, statement):
        self.place.stop()
        with contextlib.closing(sqlite3.connect(self.place.folder / "inventory.db")) as inventory:
            inventory.execute(statement)
            inventory.commit()
        self.place.start()


def check_inventory(path):
    with contextlib.closing(sqlite3.connect(path)) as inventory:
        every = lambda query: inventory.execute(query).fetchall()
        sound = every("PRAGMA integrity_check")
        assert sound == [("ok",)], f"{path.name}: {sound}"
        loose = every("PRAGMA foreign_key_check")
        assert not loose, f"{path.name}: {loose}"
        twice = every("SELECT token, digest FROM version GROUP BY 1, 2 HAVING COUNT(*) > 1")
        assert not twice, f"{path.name}: a secret is stored twice"
        without = every("SELECT id FROM token WHERE (SELECT COUNT(*) FROM version WHERE token = token.id "
                        "AND role = 'current' AND number = token.version) != 1")
        assert not without, f"{path.name}: tokens without one current version: {without}"


class Rotate(Operation):
    # Exchanges that Meta may see: one in 24 hours, of which there are two once the clock of the token is turned back.
    most = 1

    def act(self):
        status, _ = self.place.call("POST", "/v1/tokens/robot/rotate")
        self.acked = status == 202
        wait_for("the renewal", lambda: self.version("robot") == 2 or self.place.has_ended())

    def check(self):
        self.check_tokens(but=["robot"])
        # The order counts, and a sweep that was cut off is made up for.
        time.sleep(0.05)
        self.again()

    def again(self):
        done = self.place.ask("rotate", "robot")
        if "within the last 24 hours" in done.stdout and self.version("robot") == 1:
            # The answer was lost with the secret in it, or the question was never sent.
            self.check_exchanges()
            self.same("the old secret", self.place.secret("robot"), self.issued["robot"])
            self.tamper("UPDATE token SET rotation_tried_at = rotation_tried_at - 90000, rotation_at = NULL "
                        "WHERE name = 'robot'")
            done = self.place.ask("rotate", "robot")
            self.most = 2
        self.check_exchanges(self.most)
        assert self.version("robot") >= 2, f"not renewed again: {done}"
        self.check_tokens(but=["robot"])


class Import(Operation):
    names = ("novel",)

    def act(self):
        status, _ = self.import_token("novel")
        self.acked = status in (200, 201)
        self.until_healthy(["novel"])

    def check(self):
        found = self.check_tokens()
        for name in self.names:
            if self.acked and not self.weak:
                self.same(f"the new {name}", found.get(name), self.issued[name])
            elif name in found:
                self.same(f"the new {name}", found[name], self.issued[name])

    def again(self):
        for name in self.names:
            status, answer = self.import_token(name)
            assert status in (200, 201), (status, answer)
        self.until_healthy(self.names)
        found = self.check_tokens()
        assert len(found) == len(self.imported) + len(self.names), sorted(found)


class ImportMany(Import):
    names = ("novel", "fresh", "eve")

    def act(self):
        order = {"tokens": [{"app": "acme", "name": name, "access_token": self.issued[name]} for name in self.names]}
        status, answer = self.place.call("POST", "/v1/imports", order)
        self.acked = status == 200 and all(result["status"] in (200, 201) for result in answer["results"])
        self.until_healthy(self.names)


class Login(Operation):
    """A person logs in with `perennial login --paste`."""

    configuration = QUICK + WEB

    def act(self):
        self.log_in()

    def log_in(self):
        """Returns the id of the login, if it came so far."""
        status, login = self.place.call("POST", "/v1/logins", {"token": "ada", "paste": True})
        if status != 201:
            return
        back = self.place.log_in(login["url"], PEOPLE["ada"])
        status, _ = self.place.call("POST", f"/v1/logins/{login['id']}/complete", {"address": back})
        self.acked = status == 202
        wait_for("the login", lambda: self.version("ada") >= 2 or self.place.has_ended())

    def check(self):
        self.settle()
        found = self.check_tokens(but=["ada"])
        assert "ada" in found, "ada is lost"

    def settle(self):
        """A login that was completed goes on by itself, or has failed."""
        wait_for("the end of the login", lambda: not self.pending())

    def pending(self):
        return self.rows("SELECT 1 FROM login_attempt WHERE phase IN ('answered', 'claimed')")

    def again(self):
        before = self.version("ada")
        self.log_in_again()
        wait_for("the new version", lambda: self.version("ada") > before)
        assert self.place.secret("ada") != self.issued["ada"]
        self.check_tokens(but=["ada"])

    def log_in_again(self):
        status, login = self.place.call("POST", "/v1/logins", {"token": "ada", "paste": True})
        assert status == 201, login
        back = self.place.log_in(login["url"], PEOPLE["ada"])
        status, answer = self.place.call("POST", f"/v1/logins/{login['id']}/complete", {"address": back})
        assert status == 202, answer


class Callback(Login):
    """A person logs in with a link in the browser."""

    def act(self):
        self.browse()
        wait_for("the login", lambda: self.version("ada") >= 2 or self.place.has_ended())

    def browse(self):
        status, login = self.place.call("POST", "/v1/logins", {"token": "ada"})
        if status != 201:
            return
        path = login["url"].removeprefix("https://tokens.example.com")
        dialog = self.visit(path, {})
        if not dialog:
            return
        back = self.place.log_in(dialog, PEOPLE["ada"])
        result = self.visit(back.removeprefix("https://tokens.example.com"))
        self.acked = "/login/result/" in (result or "")

    def visit(self, path, form=None):
        """Where the browser is sent. A person reloads a page that did not come."""
        status, target = 0, None
        while status in (0, 503, 500) and not self.place.has_ended():
            status, target = self.place.browse(path, form)
        return target

    def log_in_again(self):
        self.browse()


class Code(Login):
    """A business's embedded signup gives a code to `perennial login --code`."""

    def act(self):
        status, answer = self.redeem()
        self.acked = status == 202
        wait_for("the new token", lambda: self.gained() or self.place.has_ended())

    def redeem(self):
        business = self.place.sim("POST", "businesses", {"name": "Bakery Ltd"})["id"]
        order = {"app": APP, "business": business, "scopes": SCOPES, "validity": "never"}
        code = self.place.sim("POST", "codes", order)["code"]
        return self.place.call("POST", "/v1/logins/code", {"app": "acme", "code": code})

    def gained(self):
        return self.names() - set(self.imported)

    def check(self):
        self.settle()
        self.check_tokens()

    def again(self):
        before = self.gained()
        status, answer = self.redeem()
        assert status == 202, answer
        wait_for("the new token", lambda: self.gained() - before)
        self.check_tokens()


class Deliver(Operation):
    """A new version goes to a file, a command and a webhook."""

    configuration = QUICK + FILES + """[[delivery]]
name = "command"
tokens = ["ada"]
command = ["/bin/sh", "-c", "cat >>HERE/ran; echo >>HERE/ran"]
[[delivery]]
name = "hook"
tokens = ["ada"]
webhook = { url = "http://127.0.0.1:PORT/", secret = { file = "HERE/hook.secret" } }
"""

    def furnish(self):
        self.receiver = Receiver()
        self.place.configuration = self.configuration.replace("PORT", str(self.receiver.port))
        self.place.write_secret("hook.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        self.place.configure()
        order = {"kind": "long_lived", "app": APP, "person": PEOPLE["ada"], "scopes": SCOPES}
        self.new = self.place.sim("POST", "tokens", order)["access_token"]
        (self.place.folder / "tokens").mkdir(exist_ok=True)
        self.wrong, self.is_over = [], False
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def prepare(self):
        super().prepare()
        wait_for("the first delivery", lambda: self.is_delivered(1))

    def read(self):
        """As a program that may read the file at any time."""
        while not self.is_over:
            with contextlib.suppress(FileNotFoundError):
                text = (self.place.folder / "tokens/ada").read_text()
                if text not in (self.issued.get("ada"), self.new):
                    self.wrong.append(text[:24])
            time.sleep(0.0005)

    def is_delivered(self, version):
        states = self.rows("SELECT delivery.state FROM delivery JOIN token ON token.id = token WHERE name = 'ada' "
                           f"AND delivery.version = {version}")
        return states == [("delivered",)] * 3

    def act(self):
        status, _ = self.replace()
        self.acked = status == 202
        wait_for("the delivery", lambda: self.is_delivered(2) or self.place.has_ended())

    def replace(self):
        return self.place.call("PUT", "/v1/tokens/ada/secret", {"access_token": self.new})

    def check(self):
        # In this order: a daemon that was started again goes on with the new version by itself.
        text = (self.place.folder / "tokens/ada").read_text()
        if self.version("ada") == 1:
            self.same("the old file", text, self.issued["ada"])
        found = self.check_tokens(but=["ada"])
        assert found["ada"] in (self.issued["ada"], self.new)

    def again(self):
        self.replace()
        self.place.call("POST", "/v1/deliveries/retry", {})
        wait_for("the delivery", lambda: self.is_delivered(2))
        self.same("ada", self.place.secret("ada"), self.new)
        self.same("the file", (self.place.folder / "tokens/ada").read_text(), self.new)
        assert self.new in (self.place.folder / "ran").read_text().split("\n"), "the command did not get the token"
        ids = {message for message, token, version in self.receiver.messages if (token, version) == ("ada", 2)}
        assert ids and (self.weak or len(ids) == 1), f"webhooks about one version under {ids}"
        assert not self.wrong, f"a reader saw {self.wrong}"
        there = sorted(path.name for path in (self.place.folder / "tokens").iterdir())
        assert there == sorted(self.imported), there

    def dismiss(self):
        self.is_over = True
        self.reader.join()
        self.receiver.stop()


class Mail(Operation):
    """An incident's email goes to a mail server."""

    configuration = QUICK.replace("[schedule]", 'smtp = { url = "smtp://127.0.0.1:PORT" }\n[schedule]')
    from_start = True

    def furnish(self):
        self.server = MailServer()
        self.place.configuration = self.configuration.replace("PORT", str(self.server.port))
        self.place.configure()
        order = {"what": "end_token", "token": self.issued["ada"], "death": "revoked"}
        self.dead = order

    def prepare(self):
        super().prepare()
        self.place.sim("POST", "actions", self.dead)
        self.place.call("POST", "/v1/tokens/ada/check")
        wait_for("the incident", lambda: self.place.get("/v1/incidents")["incidents"])
        # An incident waits for others of the same cause.
        self.tamper("UPDATE incident SET opened_at = opened_at - 600, review_at = 0")
        self.place.kill()
        self.server.emails.clear()
        with contextlib.closing(sqlite3.connect(self.place.folder / "inventory.db")) as inventory:
            inventory.execute("DELETE FROM email")
            inventory.execute("UPDATE incident SET notified = '[]', notified_cause = NULL, notified_at = NULL, "
                              "review_at = 0")
            inventory.commit()

    def started(self):
        self.place.sim("POST", "actions", self.dead)

    def act(self):
        wait_for("the email", lambda: self.is_sent() or self.place.has_ended())

    def is_sent(self):
        """Whether it is recorded as sent."""
        rows = self.rows("SELECT sent_at FROM email WHERE incident IS NOT NULL")
        return bool(rows) and all(sent for sent, in rows)

    def check(self):
        self.tamper("UPDATE email SET next_try_at = 0 WHERE next_try_at IS NOT NULL")
        wait_for("the email", self.is_sent)
        self.again()

    def again(self):
        sent = [one for one in self.server.emails if "problem" not in one[1]]
        ids = {(to, subject): set() for to, subject, _ in sent}
        for to, subject, message in sent:
            ids[to, subject].add(message)
        assert ids, "no email arrived"
        assert self.weak or all(len(found) == 1 for found in ids.values()), f"two Message-IDs: {ids}"
        names = {token["name"] for token in self.place.get("/v1/tokens")["tokens"]}
        assert names == set(self.imported), names

    def dismiss(self):
        self.server.stop()


class Delete(Operation):
    """Meta asks for a person's data to be deleted."""

    configuration = QUICK + WEB + FILES
    gone = ("bob", "bakery")

    def prepare(self):
        (self.place.folder / "tokens").mkdir(exist_ok=True)
        super().prepare()
        wait_for("the files", lambda: len(list((self.place.folder / "tokens").iterdir())) == len(self.imported))

    def act(self):
        self.ask()
        if self.acked:
            wait_for("the deletion", lambda: self.is_done() or self.place.has_ended())

    def ask(self):
        status = 0
        while status in (0, 503, 500) and not self.place.has_ended():
            form = {"signed_request": self.request}
            status, answer = self.place.web("/webhooks/acme/data-deletion", form)
        self.acked = self.acked or status == 200

    def furnish(self):
        self.request = signed_request(PEOPLE["bob"])

    def is_done(self):
        names, files = self.names(), {path.name for path in (self.place.folder / "tokens").iterdir()}
        return bool(names) and not (names | files) & set(self.gone)

    def check(self):
        if self.acked and not self.weak:
            wait_for("the deletion", self.is_done)
        names = set(self.check_tokens(but=self.gone))
        kept = set(self.imported) - set(self.gone)
        assert names >= kept, f"{kept - names} is lost"

    def again(self):
        self.ask()
        assert self.acked
        wait_for("the deletion", self.is_done)
        names = set(self.check_tokens(but=self.gone))
        assert names == set(self.imported) - set(self.gone), names
        files = {path.name for path in (self.place.folder / "tokens").iterdir()}
        assert files == names, files


class Forget(Delete):
    """An operator removes a token."""

    configuration, gone = QUICK + FILES, ("ada",)

    def ask(self):
        status, _ = self.place.call("DELETE", "/v1/tokens/ada")
        self.acked = self.acked or status in (204, 404)
