"""One run: three daemons on one PostgreSQL, a fleet whose exchanges are due, the faults of its seed, and at the end the
questions that the verdict needs answered."""

import asyncio
import contextlib
import re
from pathlib import Path

import verdict
from cluster import Cluster
from examination import NAMES, Examination
from faults import Faults
from fleet import READ, Fleet
from meta import Graph
from nodes import MISCONFIGURED, Node
from plan import draw
from post import PostOffice
from watch import Follower, Reader, Watch

TOKENS = 400
# How long people may take to end what they began.
PATIENCE = 60
# How the daemon says that it cannot work behind a pooler.
POOLER = re.compile("PgBouncer")
# An incident waits before its first email, so that one email has all that a sweep finds. Here nobody waits for that.
HURRY = """
UPDATE incident SET opened_at = opened_at - 120 * unit, review_at = opened_at - 120 * unit
FROM (SELECT CASE WHEN max(opened_at) > 100000000000 THEN 1000 ELSE 1 END AS unit FROM incident) units
WHERE notified_at IS NULL AND review_at IS NOT NULL AND resolved_at IS NULL AND opened_at > (
    CASE WHEN unit = 1000 THEN 1000 ELSE 1 END) * (extract(epoch FROM clock_timestamp())::bigint - 60)"""


class Story(Examination):
    """A run in a folder. `complaints` is what was violated."""

    def __init__(self, program, folder, seed):
        self.plan, self.folder, self.complaints = draw(seed), Path(folder), []
        self.cluster, self.graph = Cluster(self.folder / "postgres"), Graph(program, self.folder, seed)
        self.post, self.nodes = PostOffice(seed), [Node(program, self.folder, name) for name in NAMES]
        self.spare = Node(program, self.folder, "pooled")
        self.watch, self.fleet = Watch(self.cluster, self.nodes), Fleet(self.graph, self.nodes, seed)
        self.faults = Faults(self.cluster, self.nodes, self.graph, self.watch, self.plan)
        self.fleet.may_be_forgotten = self.plan.loses_commits_for_good()
        # How many of the secrets that Meta gave were looked for, and found.
        self.found = 0
        self.followers, self.tasks = [Follower(node) for node in self.nodes], []
        self.readers = [Reader(node, READ) for node in self.nodes]

    async def tell(self):
        """Returns the figures of the run."""
        try:
            await self.begin()
            if self.plan.pooler:
                await self.try_the_pooler()
            self.go_on_with(self.fleet.live())
            await asyncio.sleep(3)
            await self.faults.carry_out()
            await asyncio.sleep(5)
            await asyncio.wait_for(self.fleet.end(), PATIENCE)
            if self.faults.loss:
                self.fleet.forget(*self.faults.loss)
            is_well = await self.is_well_again()
            self.look_at_the_records()
            # Otherwise there is nobody to ask.
            if is_well:
                await self.look_at_the_end()
            else:
                self.look_at_the_exchanges()
            return self.figures()
        finally:
            await self.stop()

    async def begin(self):
        await self.cluster.start(self.plan.synchronous)
        await self.graph.start([*NAMES, self.spare.name])
        await self.post.start([*NAMES, self.spare.name])
        await self.fleet.prepare(TOKENS)
        cluster = self.cluster
        servers = [cluster.primary, cluster.standby] if self.plan.two_hosts else [cluster.primary]
        for node in self.nodes:
            await node.prepare([server.socket for server in servers], self.graph.url(node.name), self.post.ports[node.name])
            node.has_own_clock = any(step.fault == "clock" for step in self.plan.steps)
        # All at once: the first one makes the tables.
        for node in self.nodes:
            node.start()
            self.go_on_with(node.supervise())
        for node in self.nodes:
            await node.until_it_answers()
        for task in (self.watch, *self.followers, *self.readers):
            self.go_on_with(task.live())
        self.go_on_with(self.hurry())

    def go_on_with(self, work):
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]

    async def hurry(self):
        while True:
            await asyncio.sleep(2)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.cluster.writer.ask(HURRY, "perennial"), 5)

    async def try_the_pooler(self):
        """Behind a PgBouncer in transaction mode a daemon does not begin, and says why."""
        pooler = await self.cluster.start_pooler()
        await self.spare.prepare([pooler], self.graph.url(self.spare.name), self.post.ports[self.spare.name])
        process = self.spare.spawn("run")
        try:
            code = await asyncio.wait_for(asyncio.to_thread(process.wait, 30), 40)
        except Exception:
            process.kill()
            code = None
        if code != MISCONFIGURED or not POOLER.search(self.spare.log()):
            self.complaints.append(f"behind PgBouncer a daemon ended with {code}: {self.spare.log()[-500:]}")

    def figures(self):
        ledger, emails = self.graph.ledger, self.post.emails
        ids = {(email.message_id, email.to) for email in emails}
        return {"takeover": round(verdict.longest_gap(self.watch.looks), 1), "exchanges": len(ledger),
                "delivered": sum(entry.delivered for entry in ledger), "found": self.found, "tokens": len(self.fleet.tokens),
                "emails": len(ids), "repeated": len(emails) - len(ids),
                "restarts": sum(len(node.exits) for node in self.nodes)}

    async def stop(self):
        # A task that just gets what it waits for may not notice that it is cancelled.
        while running := [task for task in self.tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=1)
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for node in (*self.nodes, self.spare):
            node.stop()
        self.graph.stop()
        self.post.stop()
        await self.cluster.stop()
