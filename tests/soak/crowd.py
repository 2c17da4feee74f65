"""Those around the daemon: people who log in when an email asks them to, programs that read tokens and confirm them, and
an operator who looks, imports, forgets, reloads and backs up. Each does its work again and again until the end."""

import asyncio
import itertools
import json
import random
import re
import subprocess
import urllib.parse

import http1
import person
from world import APP, PUBLIC

PEOPLE, SYSTEM_USERS, PAGES_EACH = 20, 20, 2
SCOPES = ["pages_show_list", "pages_messaging"]
LINK = re.compile(re.escape(PUBLIC) + r"/login/[A-Za-z0-9_-]+")
# The tokens that come and go: no more than these at a time.
PASSING = 10


class Crowd:
    def __init__(self, world, servers):
        self.world, self.servers = world, servers
        self.rng, self.ids, self.owners, self.versions = random.Random(1), {}, {}, {}
        # What each of them has done, how often; and the answers that nobody should get.
        self.done, self.refusals = {}, []
        self.clients, self.passing, self.numbers = itertools.count(), [], itertools.count()

    async def prepare(self):
        """The fleet comes in."""
        for number in range(PEOPLE):
            pages = [(await self.world.sim("POST", "pages", {"name": f"Page {number}-{page}"}))["id"]
                     for page in range(PAGES_EACH)]
            found = await self.world.sim("POST", "people", {"name": f"Person {number}", "pages": pages})
            owner = f"person-{number}@example.com"
            self.owners[owner] = found["id"]
            order = {"kind": "long_lived", "app": APP, "person": found["id"], "scopes": SCOPES}
            await self.add(f"person-{number}", order, [owner], discover=True)
        for number in range(SYSTEM_USERS):
            await self.add_system_user(f"system-{number}")

    async def add_system_user(self, name):
        user = await self.world.sim("POST", "system_users", {"app": APP, "name": name})
        order = {"kind": "system_user", "app": APP, "system_user": user["id"], "scopes": SCOPES, "validity": "sixty_days"}
        await self.add(name, order, ["owner@example.com"])

    async def add(self, name, order, owners, **more):
        secret = (await self.world.sim("POST", "tokens", order))["access_token"]
        await self.order("POST", "/v1/tokens", {"app": "acme", "access_token": secret, "name": name, "owners": owners, **more})

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    async def order(self, method, path, order=None, fine=()):
        status, answer = await self.world.ask(method, path, order)
        if status >= 400 and status not in fine:
            self.refusals.append(f"{method} {path}: {status} {answer}")
        return answer

    def tasks(self):
        """Each with the seconds between two of its rounds."""
        return [(self.read_mail, 0), (self.use_tokens, 0.5), (self.look, 1), (self.scrape, 1), (self.open_pages, 2),
                (self.pass_by, 3), (self.change_password, 10), (self.reload, 2), (self.back_up, 20), (self.follow, 0)]

    async def repeat(self, work, pause):
        while True:
            try:
                await work()
                self.count(work.__name__)
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                self.refusals.append(f"{work.__name__}: {error!r}")
            await asyncio.sleep(pause)

    async def read_mail(self):
        """A person follows the link of the latest email that they got, a day later."""
        to, text = await self.servers.emails.get()
        await asyncio.sleep(0.5)
        latest = {to: text}
        while not self.servers.emails.empty():
            to, text = self.servers.emails.get_nowait()
            latest[to] = text
        for to, text in latest.items():
            link = LINK.search(text)
            if to in self.owners and link:
                await self.log_in(link[0], self.owners[to])

    async def log_in(self, link, who):
        client = f"10.0.{next(self.clients) % 250}.1"
        await self.world.public("GET", link, client)
        status, (_, headers, _) = await self.world.public("POST", link, client)
        # An earlier email has led to a login already.
        if status != 303:
            self.count(f"links that were answered with {status}")
            return
        back = await person.log_in(self.world, headers["location"], who)
        status, (_, headers, page) = await self.world.public("GET", back, client)
        if status != 303:
            self.count(f"logins that were answered with {status}")
            return
        await self.world.public("GET", headers["location"], client)
        self.count("logins")

    async def use_tokens(self):
        """A program reads the file of each token, and confirms each new version."""
        for file in (self.world.folder / "run/tokens").iterdir():
            read = json.loads(file.read_text()) if file.is_file() else {}
            if read and self.versions.get(file.name) != read["version"]:
                self.versions[file.name] = read["version"]
                path = f"/v1/tokens/{urllib.parse.quote(read['name'])}/in-use"
                await self.order("POST", path, {"version": read["version"], "consumer": "chatbot"}, fine=(404, 409))
                self.count("confirmations")
        name = f"system-{self.rng.randrange(SYSTEM_USERS)}"
        await self.order("GET", f"/v1/tokens/{name}/secret", fine=(404, 409))

    async def look(self):
        """The pages of the overview, and what the command line asks for."""
        for path in ("/", "/tokens", "/token/person-1", "/incidents", "/forecast", "/system", "/tokens.csv"):
            status, _ = await self.world.page(path)
            if status != 200:
                self.refusals.append(f"overview {path}: {status}")
        for path in ("/v1/status", "/v1/tokens?limit=50", "/v1/deliveries", "/v1/incidents", "/v1/forecast?days=90"):
            await self.order("GET", path)

    async def scrape(self):
        for connect in (lambda: self.world.connect_to("metrics"), self.world.connect_to_socket):
            status, _ = await http1.exchange(connect(), "GET", "/metrics")
            if status != 200:
                self.refusals.append(f"metrics: {status}")

    async def open_pages(self):
        """Calendar programs, and strangers with an address that does not exist."""
        calendars = (await self.order("GET", "/v1/calendars"))["calendars"]
        for address in [self.rng.choice(calendars)["url"], f"{PUBLIC}/calendar/none.ics", f"{PUBLIC}/login/none"]:
            await self.world.public("GET", address, f"10.1.{next(self.clients) % 250}.1")

    async def pass_by(self):
        """A token comes in, and the oldest one that came in so goes."""
        name = f"passing-{next(self.numbers)}"
        await self.add_system_user(name)
        self.passing.append(name)
        if len(self.passing) > PASSING:
            await self.order("DELETE", f"/v1/tokens/{self.passing.pop(0)}")

    async def change_password(self):
        """Meta ends every token of a person. They get an email."""
        who = self.rng.choice(list(self.owners.values()))
        await self.world.sim("POST", "actions", {"what": "change_password", "person": who})

    async def reload(self):
        self.world.reload()

    async def back_up(self):
        """The operator's own copy, beside those that the daemon makes at night."""
        copy = self.world.folder / "copy.db"
        copy.unlink(missing_ok=True)
        done = await asyncio.to_thread(subprocess.run, self.world.command("backup", copy), env=self.world.environment(),
                                       capture_output=True, text=True)
        if done.returncode:
            self.refusals.append(f"backup: {done.stdout}{done.stderr}")

    async def follow(self):
        """A program that follows the journal, for a few seconds at a time."""
        reader, writer = await asyncio.open_unix_connection(self.world.folder / "run/socket")
        writer.write(b"GET /v1/events?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with_end = asyncio.get_running_loop().time() + 4
        while asyncio.get_running_loop().time() < with_end:
            try:
                if not await asyncio.wait_for(reader.read(65536), 1):
                    break
            except asyncio.TimeoutError:
                continue
        writer.close()
