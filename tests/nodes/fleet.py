"""The tokens of a run: they come in one by one through any daemon, some get another secret, some end, and all the while
their exchanges are due."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import person

KINDS = ("system_user", "person")
# So old are the tokens when they come in: an exchange gives them a month more, which can be measured.
DAYS = 30
# A program reads this one again and again.
READ = "token-1"
# Between two tokens that come in.
PAUSE = (0.2, 1.2)


@dataclass
class Token:
    name: str
    # How to get another secret for the same subject from the simulator.
    order: dict = field(repr=False)
    secret: str = field(repr=False)
    # When a daemon said that it has it, when a person put in other secrets, and when Meta ended them all.
    added_at: float = None
    put_at: list = field(default_factory=list)
    ended_at: float = None

    def changed_before(self, moment):
        """Whether a person or Meta had to do with it, so that a new secret may not be wanted any more."""
        return any(at < moment for at in (*self.put_at, self.ended_at or moment))


class Fleet:
    def __init__(self, graph, nodes, seed):
        self.graph, self.nodes, self.waiting, self.tokens = graph, nodes, [], {}
        self.rng, self.refusals = random.Random(f"{seed} fleet"), []
        # Whether the database may forget what it had, so that a token that it does not know is no surprise.
        self.may_be_forgotten = False
        # What people are at. A daemon that is cut off lets one of them wait, and not the others.
        self.at_work, self.is_over = set(), False

    async def prepare(self, count):
        await self.graph.set_clock(DAYS)
        for number in range(1, count + 1):
            name = f"token-{number}"
            self.waiting.append(Token(name, *await self.graph.new_secret(name, self.rng.choice(KINDS))))
        await self.graph.set_clock()

    async def live(self):
        while self.waiting and not self.is_over:
            self.begin(self.add())
            draw = self.rng.random()
            if draw < 0.1:
                self.begin(self.replace())
            elif draw < 0.2:
                self.begin(self.end_one())
            elif draw < 0.28:
                self.begin(self.log_in())
            await asyncio.sleep(self.rng.uniform(*PAUSE))

    def begin(self, work):
        task = asyncio.ensure_future(work)
        self.at_work.add(task)
        task.add_done_callback(self.note_end)

    def note_end(self, task):
        self.at_work.discard(task)
        if not task.cancelled() and task.exception():
            self.refusals.append(f"the fleet: {task.exception()!r}")

    async def end(self):
        """Nobody begins anything more, and what was begun is done."""
        self.is_over = True
        await asyncio.gather(*self.at_work, return_exceptions=True)

    async def add(self):
        token = self.waiting.pop(0)
        request = {"app": "acme", "access_token": token.secret, "name": token.name,
                   "owners": [f"{token.name}@example.com"]}
        # An answer that was lost makes it come a second time, which changes nothing.
        await self.persist("POST", "/v1/tokens", request, (200, 201))
        token.added_at = time.monotonic()
        self.tokens[token.name] = token
        return token

    async def replace(self):
        """A person puts in another secret of the same subject."""
        token = self.living()
        if token is None:
            return
        secret = await self.graph.secret(token.name, token.order)
        # From the first attempt on it may be there.
        token.put_at.append(time.monotonic())
        await self.persist("PUT", f"/v1/tokens/{token.name}/secret", {"access_token": secret}, (200, 202))

    async def log_in(self):
        """A person logs in again: one daemon gives the link, and one is told the address that the browser ended at."""
        token = self.living()
        if token is None or "person" not in token.order:
            return
        opened = await self.persist("POST", "/v1/logins", {"token": token.name, "paste": True}, (201, 409))
        # Nobody has asked Meta yet whose token it is.
        if "url" not in opened:
            return
        token.put_at.append(time.monotonic())
        address = await person.log_in(self.graph, opened["url"], token.order["person"])
        await self.persist("POST", f"/v1/logins/{opened['id']}/complete", {"address": address}, (200, 202))

    async def end_one(self):
        """Meta ends all secrets of a token, and the daemons are asked to look: its owner gets an email."""
        token = self.living()
        if token is None:
            return
        token.ended_at = time.monotonic()
        # And those of logins that are still under way.
        for secret in [secret for secret, owner in self.graph.owner_of.items() if owner.split()[-1] == token.name]:
            await self.graph.sim("POST", "actions", {"what": "end_token", "token": secret, "death": "revoked"})
        await self.check(token)

    async def check(self, token):
        await self.persist("POST", f"/v1/tokens/{token.name}/check", None, (200, 202))

    def forget(self, began, ended):
        """The tokens that came in then may be gone."""
        for token in list(self.tokens.values()):
            if began < token.added_at < ended:
                del self.tokens[token.name]

    def living(self):
        """Any but the one that is read all the time."""
        living = [token for token in self.tokens.values() if token.ended_at is None and token.name != READ]
        return self.rng.choice(living) if living else None

    async def persist(self, method, path, order, fine):
        """Asks one daemon after the other until one does it. An answer that is neither fine nor for later is noted."""
        while True:
            node = self.rng.choice(self.nodes)
            if "stopped" in node.hindrances or not node.runs():
                await asyncio.sleep(0.1)
                continue
            try:
                status, answer = await node.ask(method, path, order)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
                await asyncio.sleep(0.2)
                continue
            if status in fine:
                return answer
            if status == 404 and self.may_be_forgotten:
                return answer
            if status < 500:
                self.refusals.append(f"{node.name}: {method} {path}: {status} {answer}")
                return answer
            await asyncio.sleep(0.2)
