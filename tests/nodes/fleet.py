"""The tokens of a run: they come in one by one through any daemon, some get another secret, some end, and all the while
their exchanges are due."""

import asyncio
import random
from dataclasses import dataclass, field

KINDS = ("system_user", "person")
# Between two tokens that come in.
PAUSE = (0.2, 1.2)


@dataclass
class Token:
    name: str
    # How to get another secret for the same subject from the simulator.
    order: dict = field(repr=False)
    secret: str = field(repr=False)
    # Secrets that a person put in, besides the first.
    put: list = field(default_factory=list, repr=False)
    ended: bool = False


class Fleet:
    def __init__(self, graph, nodes, seed):
        self.graph, self.nodes, self.tokens = graph, nodes, []
        self.rng, self.refusals = random.Random(f"{seed} fleet"), []

    async def live(self):
        """Until it is cancelled."""
        while True:
            await self.add()
            if self.rng.random() < 0.12:
                await self.replace()
            if self.rng.random() < 0.12:
                await self.end_one()
            await asyncio.sleep(self.rng.uniform(*PAUSE))

    async def add(self):
        number = len(self.tokens) + 1
        name = f"token-{number}"
        order, secret = await self.graph.new_secret(name, self.rng.choice(KINDS))
        token = Token(name, order, secret)
        request = {"app": "acme", "access_token": secret, "name": name, "owners": [f"{name}@example.com"]}
        # An answer that was lost makes it come a second time, which changes nothing.
        await self.persist("POST", "/v1/tokens", request, (200, 201))
        self.tokens.append(token)
        return token

    async def replace(self):
        """A person puts in another secret of the same subject."""
        token = self.living()
        if token is None:
            return
        secret = await self.graph.secret(token.name, token.order)
        # From the first attempt on it may be there.
        token.put.append(secret)
        await self.persist("PUT", f"/v1/tokens/{token.name}/secret", {"access_token": secret}, (200, 202))

    async def end_one(self):
        """Meta ends all secrets of a token, and the daemons are asked to look: its owner gets an email."""
        token = self.living()
        if token is None:
            return
        token.ended = True
        for secret in [secret for secret, owner in self.graph.owner_of.items() if owner == token.name]:
            await self.graph.sim("POST", "actions", {"what": "end_token", "token": secret, "death": "revoked"})
        await self.check(token)

    async def check(self, token):
        await self.persist("POST", f"/v1/tokens/{token.name}/check", None, (200, 202))

    def living(self):
        living = [token for token in self.tokens if not token.ended]
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
            if status < 500:
                self.refusals.append(f"{node.name}: {method} {path}: {status} {answer}")
                return answer
            await asyncio.sleep(0.2)
