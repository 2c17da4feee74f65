"""Does to a calm run what must never happen, one thing after the other, to show that the verdict would see it."""

import asyncio
import dataclasses
import time
import urllib.parse

import http1
from meta import APP, APP_SECRET
from plan import Plan
from story import NAMES, Story

# What is done, and by which words of the complaints it must be seen.
SEEN = {"a second exchange": "within 24 h", "at the same time": "in flight", "a lost secret": "is lost",
        "a second Message-ID": "Message-IDs for one email", "an email again": "came twice",
        "a duty that nobody can take": "nobody took over", "an epoch that goes back": "went back",
        "an event that followers never got": "never got", "a dead secret": "is dead"}
HOLD = "UPDATE duty SET holder = 'nobody', ends_at = floor(extract(epoch FROM clock_timestamp()) * 1000) + 15000"


class Sabotage(Story):
    """A run without faults of its own."""

    def __init__(self, program, folder, seed):
        super().__init__(program, folder, seed)
        self.plan = self.faults.plan = Plan(seed, synchronous=True, two_hosts=False, pooler=False, steps=[])

    async def look_at_the_end(self):
        await super().look_at_the_end()
        if self.complaints:
            return
        await self.exchange_twice()
        await self.ask("UPDATE version SET digest = decode('00', 'hex') WHERE token = "
                       "(SELECT min(token) FROM version WHERE role = 'previous')")
        await self.repeat_an_email()
        await self.hold_a_duty()
        await self.ask("UPDATE duty SET epoch = 0 WHERE name = 'nightly'")
        await asyncio.sleep(1)
        await self.ask("INSERT INTO event (id, at, kind) SELECT min(id) - 2, min(at), min(kind) FROM event")
        token = next(token for token in self.fleet.tokens.values() if token.ended_at is None)
        for secret in [secret for secret, owner in self.graph.owner_of.items() if owner == token.name]:
            await self.graph.sim("POST", "actions", {"what": "end_token", "token": secret, "death": "revoked"})
        self.look_at_the_records()
        await super().look_at_the_end()

    async def ask(self, sql):
        await self.cluster.writer.ask(sql, "perennial")

    async def exchange_twice(self):
        """Two daemons at once exchange what was exchanged before."""
        secret = next(entry.given for entry in self.graph.ledger if entry.delivered)
        order = {"grant_type": "fb_exchange_token", "client_id": APP, "client_secret": APP_SECRET,
                 "fb_exchange_token": secret}
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        await asyncio.gather(*[http1.exchange(asyncio.open_connection(*self.door(node)), "POST",
                                              "/v25.0/oauth/access_token", urllib.parse.urlencode(order).encode(), form)
                               for node in (NAMES[0], NAMES[-1])])

    def door(self, node):
        return self.graph.doors[node].sockets[0].getsockname()

    async def repeat_an_email(self):
        await self.fleet.end_one()
        while not (found := [email for email in self.post.emails if email.incident]):
            await asyncio.sleep(0.5)
        email = found[0]
        later = time.monotonic()
        self.post.emails += [dataclasses.replace(email, taken=later),
                             dataclasses.replace(email, message_id="<other@example.com>", taken=later)]

    async def hold_a_duty(self):
        end = time.monotonic() + 25
        while time.monotonic() < end:
            await self.ask(f"{HOLD} WHERE name = 'delivery'")
            await asyncio.sleep(0.5)

    def unseen(self):
        return [what for what, words in SEEN.items() if not any(words in complaint for complaint in self.complaints)]
