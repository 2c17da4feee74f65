"""The faults: each begins, lasts and is over before it returns, and notes for the verdict what it hindered."""

import asyncio
import contextlib
import time

# How long a fault waits for the moment that it wants.
PATIENCE = 25
# A daemon looks for what it knows every few seconds.
NOTICED_WITHIN = 10


class Faults:
    """`notes` says what was really done, in words for the one line of a run."""

    def __init__(self, cluster, nodes, graph, watch, plan):
        self.cluster, self.nodes, self.graph, self.watch, self.plan = cluster, nodes, graph, watch, plan
        # The database has one fault at a time, and so has each daemon.
        self.database, self.busy = asyncio.Lock(), set()
        # `loss` is when commits may have been lost, and `is_missed` whether one was for sure.
        self.notes, self.wrong_clocks, self.loss, self.is_missed = [], {}, None, False

    async def carry_out(self):
        """Every step of the plan. One that overlaps the one before does not wait for its end."""
        running = []
        for step in self.plan.steps:
            if not step.overlaps and running:
                await asyncio.gather(*running)
                running = []
            await asyncio.sleep(step.after)
            running.append(asyncio.ensure_future(getattr(self, step.fault)(**step.options)))
        await asyncio.gather(*running)

    def note(self, words):
        self.notes.append(words)

    @contextlib.asynccontextmanager
    async def one(self, whom="holder"):
        """A daemon that works and has no fault yet: the one that holds the app, or another."""
        node = await self.choose(whom)
        self.busy.add(node.name)
        try:
            yield node
        finally:
            self.busy.discard(node.name)

    async def choose(self, whom):
        end = time.monotonic() + PATIENCE
        while True:
            holder = self.watch.holder("app:acme")
            fit = [node for node in self.nodes if node.can_work() and node.name not in self.busy]
            found = [node for node in fit if (node.name == holder) == (whom == "holder")]
            if found or (fit and time.monotonic() > end):
                return (found or fit)[0]
            await asyncio.sleep(0.1)

    async def in_an_exchange(self, node, stage):
        """Holds the next exchange of the daemon at this stage. None if there is none in time."""
        return await self.graph.next(stage, node.name, PATIENCE)

    async def kill(self, when, seconds):
        async with self.one() as node:
            held = await self.in_an_exchange(node, "arrived" if when == "arrived" else "done")
            if held and when == "answered":
                held[0].release.set()
                await asyncio.sleep(0.02)
            await node.kill()
            if held:
                held[0].release.set()
            self.note(f"killed {node.name} {'in an exchange' if held else 'at rest'}")
            await asyncio.sleep(seconds)
            await self.start_again(node)

    async def stop(self, when, seconds):
        async with self.one() as node:
            held = None if when == "any" else await self.in_an_exchange(node, when)
            node.pause()
            if held:
                held[0].release.set()
            self.note(f"stopped {node.name} {'in an exchange' if held else ''}".strip())
            await asyncio.sleep(seconds)
            node.go_on()

    async def lose_commits(self, whom, what, times):
        async with self.one(whom) as node:
            before = sum(proxy.lost for proxy in node.proxies)
            for proxy in node.proxies:
                proxy.lose(what, times)
            end = time.monotonic() + PATIENCE
            while any(proxy.losses for proxy in node.proxies) and time.monotonic() < end:
                await asyncio.sleep(0.1)
            for proxy in node.proxies:
                proxy.losses.clear()
            lost = sum(proxy.lost for proxy in node.proxies) - before
            self.note(f"lost {lost} {what}s of {node.name}")

    async def partition(self, whom, way, seconds):
        async with self.one(whom) as node:
            node.set_way(way)
            self.note(f"cut off {node.name}")
            await asyncio.sleep(seconds)
            node.set_way("open")

    async def slow(self, whom, delay, seconds):
        async with self.one(whom) as node:
            self.delay(node, delay)
            await asyncio.sleep(seconds)
            self.delay(node, 0.0)
            self.note(f"slowed {node.name}")

    def delay(self, node, delay):
        for proxy in node.proxies:
            proxy.delay = delay

    async def clock(self, whom, offset, seconds):
        async with self.one(whom) as node:
            began = time.monotonic()
            node.set_clock(offset)
            self.note(f"clock of {node.name}")
            await asyncio.sleep(seconds)
            node.set_clock(0)
            self.wrong_clocks.setdefault(node.name, []).append((began, time.monotonic()))

    async def restart_node(self, whom):
        async with self.one(whom) as node:
            code = await node.end()
            self.note(f"restarted {node.name}" + (f" (exit {code})" if code else ""))
            await self.start_again(node)

    async def start_again(self, node):
        node.start()
        # Without a database it may end, and is started again by whoever supervises it.
        await node.until_it_answers()

    async def restart_database(self, how, seconds):
        async with self.database:
            await self.cluster.writer.stop(how)
            await asyncio.sleep(seconds)
            await self.cluster.writer.start()
            self.note("restarted PostgreSQL")

    async def freeze_database(self, seconds):
        async with self.database:
            self.cluster.writer.freeze()
            await asyncio.sleep(seconds)
            self.cluster.writer.thaw()
            self.note("stopped PostgreSQL and let it go on")

    async def promote(self, seconds, reads_first):
        """Without synchronous replication, the standby has missed what was committed in the last seconds."""
        async with self.database:
            cut_at = time.monotonic()
            if not self.cluster.synchronous:
                self.cluster.replication.set_way("silent")
                await asyncio.sleep(seconds)
                known = await self.newest_event(self.cluster.primary)
                # By then whoever wrote it knows that it is committed.
                await asyncio.sleep(0.5)
            if reads_first and not self.plan.two_hosts:
                await self.cluster.primary.stop("immediate")
                self.lead_to_the_standby()
                await asyncio.sleep(2)
            await self.cluster.promote()
            if not self.plan.two_hosts:
                self.lead_to_the_standby()
            if not self.cluster.synchronous:
                # What was begun just before may have been written down after it.
                self.loss = cut_at - 2, time.monotonic()
                self.is_missed = known != await self.newest_event(self.cluster.standby, known[0])
            self.note("promoted the standby")

    async def newest_event(self, server, latest=2 ** 62):
        """What tells it from another one of the same number."""
        sql = f"SELECT id, at, kind, name FROM event WHERE id <= {latest} ORDER BY id DESC LIMIT 1"
        rows = await server.ask(sql, "perennial")
        return rows[0] if rows else ["0"]

    def must_be_noticed(self):
        """Whether a commit was lost that a daemon knew of, unless each that did was started again before it looked."""
        began, ended = self.loss
        started = [at for node in self.nodes for at, what in node.history if what == "started"]
        return self.is_missed and not any(began < at < ended + NOTICED_WITHIN for at in started)

    def lead_to_the_standby(self):
        for node in self.nodes:
            for proxy in node.proxies:
                proxy.lead_to(self.cluster.standby.socket)
