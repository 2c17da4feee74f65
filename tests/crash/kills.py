"""Kills the daemon again and again while it has everything in hand at once, and looks whether a token is lost.

Usage: kills.py PERENNIAL LIBRARY [--times N] [--seed N] [--append FILE] [--keep]
"""

import argparse
import collections
import contextlib
import hashlib
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from operations import FILES, QUICK, Operation, check_inventory
from peers import Receiver
from place import APP, SCOPES, Place, wait_for

TOKENS, THREADS, BETWEEN_CHECKS = 240, 4, 20
CONFIGURATION = QUICK + FILES + """[[delivery]]
name = "hook"
tokens = ["*"]
webhook = { url = "http://127.0.0.1:PORT/", secret = { file = "HERE/hook.secret" } }
[[delivery]]
name = "command"
tokens = ["replaced-*"]
command = ["/bin/cat"]
"""


class Token:
    """What was asked for, and what must therefore be true. One thread at a time works with it."""

    def __init__(self, number, secret, subject):
        self.kind = ("renewed", "replaced", "removed")[number % 3]
        self.name, self.subject, self.first = f"{self.kind}-{number}", subject, secret
        self.lock = threading.Lock()
        # None while an answer is missing.
        self.is_there, self.secrets, self.is_renewed = False, {secret}, False


class Load:
    def __init__(self, place, tokens, seed):
        self.place, self.tokens, self.counts = place, tokens, collections.Counter()
        self.seed, self.goes_on, self.is_over, self.wrong = seed, threading.Event(), False, []
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        rng = random.Random(f"{self.seed} {number}")
        while not self.is_over:
            if not self.goes_on.wait(0.1):
                continue
            token = rng.choice(self.tokens)
            if token.lock.acquire(blocking=False):
                with contextlib.closing(Released(token.lock)):
                    self.act(token, rng)

    def act(self, token, rng):
        if token.is_there is not True:
            return self.add(token)
        actions = [self.read, self.check, self.list]
        actions += {"renewed": [self.renew], "replaced": [self.replace] * 2, "removed": [self.remove]}[token.kind]
        return rng.choice(actions)(token)

    def ask(self, what, method, path, body=None):
        status, answer = self.place.http(method, path, body, patience=10)
        self.counts[what if status else "without an answer"] += 1
        return status, answer

    def add(self, token):
        order = {"app": "acme", "name": token.name, "access_token": token.first}
        token.is_there = None
        status, _ = self.ask("imports", "POST", "/v1/tokens", order)
        if status in (200, 201):
            token.is_there, token.secrets = True, token.secrets if status == 200 else {token.first}

    def renew(self, token):
        if not token.is_renewed:
            status, _ = self.ask("renewals", "POST", f"/v1/tokens/{token.name}/rotate")
            token.is_renewed = status == 202

    def replace(self, token):
        order = {"kind": "system_user", "app": APP, "system_user": token.subject, "scopes": SCOPES,
                 "validity": "sixty_days"}
        new = self.place.sim("POST", "tokens", order)["access_token"]
        before, token.secrets = token.secrets, token.secrets | {new}
        status, _ = self.ask("new secrets", "PUT", f"/v1/tokens/{token.name}/secret", {"access_token": new})
        if status not in (0, 202):
            token.secrets = before

    def remove(self, token):
        token.is_there = None
        status, _ = self.ask("removals", "DELETE", f"/v1/tokens/{token.name}")
        if status in (204, 404):
            token.is_there, token.secrets = False, {token.first}

    def read(self, token):
        status, answer = self.ask("readings", "GET", f"/v1/tokens/{token.name}/secret")
        if status == 404:
            self.wrong.append(f"{token.name} is gone")
        elif status == 200 and token.kind != "renewed" and answer["access_token"] not in token.secrets:
            self.wrong.append(f"{token.name} has a secret that nobody gave it")

    def check(self, token):
        self.ask("checks", "POST", f"/v1/tokens/{token.name}/check")

    def list(self, _):
        self.ask("lists", "GET", "/v1/tokens?limit=100")

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Released:
    def __init__(self, lock):
        self.lock = lock

    def close(self):
        self.lock.release()


class Kills:
    def __init__(self, options, folder):
        self.receiver = Receiver()
        self.place = Place(options.program, options.library, folder,
                           CONFIGURATION.replace("PORT", str(self.receiver.port)))
        (folder / "tokens").mkdir()
        self.place.write_secret("hook.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        self.place.start_graph(time.time(), TOKENS)
        robots = [line for line in self.place.sim("GET", "fleet") if line["name"].startswith("system-user-")][4:]
        tokens = [Token(n, line["access_token"], line["name"].split("-")[2]) for n, line in enumerate(robots)]
        self.load, self.rng = Load(self.place, tokens, options.seed), random.Random(options.seed)
        self.rows = Operation(self.place).rows

    def kill(self, times):
        for _ in range(times):
            self.place.start()
            self.load.goes_on.set()
            time.sleep(self.rng.uniform(0, 0.25))
            self.place.kill()
            self.load.goes_on.clear()

    def check(self):
        """Everything, after a start that is left alone."""
        place = self.place
        place.start()
        for token in self.load.tokens:
            with token.lock:
                while token.is_there is None:
                    assert not place.has_ended(), f"the daemon has ended: {place.tail()}"
                    self.load.add(token)
                if token.is_there:
                    # A token that was in hand at two crashes is set aside until someone orders its check.
                    place.call("POST", f"/v1/tokens/{token.name}/check")
        place.call("POST", "/v1/deliveries/retry", {})
        wait_for(lambda: f"the end of {self.left()}", lambda: not self.left())
        for token in self.load.tokens:
            with token.lock:
                self.check_token(token)
        there = {path.name for path in (place.folder / "tokens").iterdir()}
        assert there == {token.name for token in self.load.tokens if token.is_there}, "other files than tokens"
        ids = collections.defaultdict(set)
        for message, token, version in self.receiver.messages:
            ids[token, version].add(message)
        place.stop()
        check_inventory(place.folder / "inventory.db")
        assert not self.load.wrong, self.load.wrong[:5]

    def left(self):
        """What is still to be done."""
        orders = self.rows("SELECT COUNT(*) FROM token_order WHERE ended_at IS NULL")
        waiting = self.rows("SELECT COUNT(*) FROM delivery WHERE state = 'pending'")
        stale = self.rows("SELECT COUNT(*) FROM delivered_file WHERE stale IS NOT NULL")
        candidates = self.rows("SELECT COUNT(*) FROM version WHERE role = 'candidate'")
        if not (orders and waiting and stale and candidates):
            return "an inventory that cannot be read"
        left = {"orders": orders, "deliveries": waiting, "files": stale, "candidates": candidates}
        return {what: count[0][0] for what, count in left.items() if count[0][0]}

    def check_token(self, token):
        place = self.place
        secret = place.secret(token.name)
        if not token.is_there:
            assert secret is None, f"{token.name} was removed, and is there"
            return
        assert secret, f"{token.name} is lost"
        truth = place.sim("GET", f"tokens?token={secret}")
        assert truth.get("alive") and truth["subject"] == token.subject, f"{token.name}: {truth}"
        if token.kind != "renewed":
            assert secret in token.secrets, f"{token.name} has a secret that nobody gave it"
        assert place.exchanges_of(token.first) <= 1, f"{token.name} was exchanged twice"
        file = place.folder / "tokens" / token.name
        assert file.read_text() == secret, f"the file of {token.name} has another secret"

    def end(self):
        self.load.stop()
        self.place.end()
        self.receiver.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--append", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    digest = hashlib.sha256(options.program.read_bytes() + Path(__file__).read_bytes())
    build, totals = digest.hexdigest()[:12], collections.Counter()
    if options.append and options.append.exists():
        for line in map(json.loads, options.append.read_text().splitlines()):
            totals.update(line["counts"] if line["build"] == build else {})
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    lost, kills = None, Kills(options, folder)
    try:
        while totals["kills"] < options.times:
            before, began = collections.Counter(kills.load.counts), time.monotonic()
            times = min(BETWEEN_CHECKS, options.times - totals["kills"])
            kills.kill(times)
            killed = time.monotonic() - began
            kills.check()
            counts = kills.load.counts - before + collections.Counter(kills=times, complete=1)
            totals += counts
            if options.append:
                with open(options.append, "a") as results:
                    results.write(json.dumps({"build": build, "seed": options.seed, "counts": counts}) + "\n")
            print(f"{totals['kills']} kills; the last {times} in {killed:.0f} s, then checked in "
                  f"{time.monotonic() - began - killed:.0f} s", file=sys.stderr, flush=True)
    except AssertionError as error:
        lost = error
        print(f"FAILED after {totals['kills']} kills: {error}\n    again: tests/crash/run --kills --seed {options.seed} "
              f"--keep\n    {folder}", file=sys.stderr)
    finally:
        kills.end()
        if not (lost and options.keep):
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(f"{count:8,} {what}" for what, count in totals.most_common()))
    verdict = "a token was lost or halved" if lost else "no token lost or halved"
    print(f"{totals['kills']:,} kills under load of a daemon with {TOKENS} tokens, {totals['complete']} complete checks: "
          f"{verdict}")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
