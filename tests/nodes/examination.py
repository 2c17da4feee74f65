"""The questions at the end of a run: to the daemons, to their database, and to Meta. Each answer that should not be is a
complaint."""

import asyncio
import calendar
import time

import verdict
from nodes import MISCONFIGURED

NAMES = ("n1", "n2", "n3")
# How long the daemons may take, once nothing hinders them any more, until all is as it should be.
PATIENCE = 60


class Examination:
    """The part of a run that asks. The run itself has what is asked: `nodes`, `cluster`, `graph`, and so on."""

    async def is_well_again(self):
        """Every daemon is ready, every duty has a holder, and what was due has been done."""
        end = time.monotonic() + PATIENCE
        while wrong := await self.what_is_wrong():
            if time.monotonic() > end:
                self.complaints += [f"{PATIENCE} s after the faults: {words}" for words in wrong]
                return False
            await asyncio.sleep(0.5)
        return True

    async def what_is_wrong(self):
        wrong = []
        for node in self.nodes:
            try:
                wrong += await self.what_is_wrong_with(node)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
                wrong.append(f"{node.name} does not answer: {error!r}")
        wrong += [f"nobody holds {duty}" for duty in verdict.DUTIES if self.watch.holder(duty) is None]
        wrong += [f"an exchange of {entry.token} has not ended" for entry in self.graph.ledger if entry.ended is None]
        return wrong

    async def what_is_wrong_with(self, node):
        """It is ready, and its status shows every daemon once, and every duty with one of them."""
        status, answer = await node.ask("GET", "/readyz")
        if status != 200:
            return [f"{node.name} is not ready: {answer.get('problems', answer)}"]
        _, answer = await node.ask("GET", "/v1/status")
        nodes = answer.get("nodes", [])
        duties = sorted(duty for other in nodes for duty in other["duties"])
        if [other["name"] for other in nodes] != list(NAMES) or duties != sorted(verdict.DUTIES):
            return [f"the status of {node.name} shows other daemons or duties: {nodes}"]
        return []

    async def look_at_the_end(self):
        """First what is there, then whether the daemons still do their work: the latter changes the former."""
        await self.look_at_the_events()
        await self.look_at_the_tokens()
        await self.look_at_new_work()
        self.look_at_the_exchanges()
        await self.look_at_the_lost()
        if self.faults.loss:
            await self.look_at_the_loss()

    def look_at_the_records(self):
        looks, plan = self.watch.looks, self.plan
        histories = {node.name: node.history for node in self.nodes}
        away = [*verdict.outages(looks), *filter(None, [self.faults.loss])]

        def may_repeat(earlier, later):
            return verdict.may_repeat(earlier, later, histories, away)

        wrong = {name: [(began + verdict.TERM, ended) for began, ended in spans]
                 for name, spans in self.faults.wrong_clocks.items()}
        self.complaints += [*verdict.email_twice(self.post.emails, may_repeat), *verdict.late_take_overs(looks),
                            *verdict.held_with_a_wrong_clock(looks, wrong), *self.fleet.refusals]
        if not plan.loses_commits_for_good():
            self.complaints += verdict.going_back(looks)
        for reader in self.readers:
            self.complaints += reader.failures[:1]
        for node in self.nodes:
            self.complaints += [f"{node.name} ended by itself with {code}" for code, was_up in node.exits
                                if was_up or code == MISCONFIGURED]
            if "panicked at" in node.log():
                self.complaints.append(f"{node.name} panicked")

    def look_at_the_exchanges(self):
        """All that were made for the tokens of the run. Its own probes are not yet there."""
        ledger = self.kept_for_sure(self.graph.ledger)
        put = {token.name: token.put_at for token in self.fleet.tokens.values()}
        self.complaints += [*verdict.in_flight_twice(ledger), *verdict.too_often(ledger, put)]
        self.complaints += [f"an exchange that the doors do not understand: {stray}" for stray in self.graph.strays]

    def kept_for_sure(self, ledger):
        """Without the exchanges of tokens whose note may have been lost with the former primary."""
        if not self.faults.loss:
            return ledger
        began, ended = self.faults.loss
        lost = {entry.token for entry in ledger if entry.began < ended and (entry.ended or ended) > began}
        return [entry for entry in ledger if entry.token not in lost]

    async def look_at_the_events(self):
        rows = await self.cluster.writer.ask("SELECT id FROM event ORDER BY id", "perennial")
        written = [int(row[0]) for row in rows]
        # The followers are a moment behind.
        end = time.monotonic() + 10
        while any(written and follower.seen[-1] < written[-1] for follower in self.followers):
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.2)
        if not self.plan.loses_commits_for_good():
            followers = {follower.node.name: follower.seen for follower in self.followers}
            self.complaints += verdict.missed_events(written, followers)

    async def look_at_the_tokens(self):
        """Every daemon gives the same secret, one that Meta gave for this token and that lives."""
        for token in self.fleet.tokens.values():
            if token.ended_at is not None:
                continue
            answers = [await node.ask("GET", f"/v1/tokens/{token.name}/secret") for node in self.nodes]
            secrets = {answer.get("access_token") if status == 200 else f"{status} {answer}"
                       for status, answer in answers}
            if len(secrets) > 1 or self.graph.owner_of.get(secret := secrets.pop()) != token.name:
                words = [answer if status != 200 else answer["version"] for status, answer in answers]
                self.complaints.append(f"the daemons give different or wrong secrets of {token.name}: {words}")
            elif not (await self.graph.truth(secret))["alive"]:
                self.complaints.append(f"the secret of {token.name} that the daemons give is dead")

    async def look_at_new_work(self):
        """After all this, a token that is due is checked and a new one is renewed, whichever daemon was told."""
        new = [await self.fleet.add() for _ in range(3) if self.fleet.waiting]
        old = [token for token in self.fleet.tokens.values() if token.ended_at is None and token not in new][:3]
        secrets = {token.name: [secret for secret, owner in self.graph.owner_of.items() if owner == token.name]
                   for token in old}
        before = {token.name: await self.checks(secrets[token.name]) for token in old}
        for token in old:
            await self.fleet.check(token)
        end = time.monotonic() + verdict.TAKE_OVER
        waits = []
        while time.monotonic() < end:
            exchanged = {entry.token for entry in self.graph.ledger if entry.delivered}
            waits = [f"{token.name} is new and was not renewed" for token in new if token.name not in exchanged]
            waits += [f"{token.name} was due and was not checked" for token in old
                      if await self.checks(secrets[token.name]) == before[token.name]]
            if not waits:
                break
            await asyncio.sleep(0.3)
        self.complaints += waits

    async def checks(self, secrets):
        return sum([await self.graph.calls("debug_token", secret) for secret in secrets])

    async def look_at_the_lost(self):
        """A secret that is in the inventory is known when it is imported, and nothing changes; else it was lost."""
        histories = {node.name: node.history for node in self.nodes}
        # A secret that is not known becomes a token, which may be exchanged in its turn: that is not asked about.
        before, known = list(self.kept_for_sure(self.graph.ledger)), {}
        for number, entry in enumerate(before):
            token = self.fleet.tokens.get(entry.token)
            if not (entry.delivered and entry.given) or token is None or token.changed_before(entry.ended + 30):
                continue
            request = {"app": "acme", "access_token": entry.given, "name": f"probe-{number}"}
            status, answer = await self.nodes[0].ask("POST", "/v1/tokens", request)
            known[entry.given] = status == 200 and answer["name"] == entry.token
        ledger = [entry for entry in before if entry.given in known]
        self.found = sum(known.values())
        self.complaints += verdict.lost_secrets(ledger, known.get, lambda entry: verdict.excuse(entry, histories))
        await self.compare_with_meta()

    async def compare_with_meta(self):
        """One that has just arrived at a door has not yet come to Meta."""
        end = time.monotonic() + 10
        while (counted := await self.graph.exchanges()) != len(self.graph.ledger):
            if time.monotonic() > end:
                self.complaints.append(f"Meta counted {counted} exchanges, and the ledger has {len(self.graph.ledger)}")
                return
            await asyncio.sleep(0.3)

    async def look_at_the_loss(self):
        """A standby that had missed commits took over: the operators get one incident without tokens, however many daemons
        noticed, and every token is checked anew. If nobody knew of what was lost, there is none."""
        _, answer = await self.nodes[0].ask("GET", "/v1/incidents?state=all")
        told = [incident for incident in answer["incidents"] if incident["cause"] == "commits_lost"]
        least = 1 if self.faults.must_be_noticed() else 0
        if not least <= len(told) <= 1 or any(incident["tokens"] for incident in told):
            self.complaints.append(f"the standby had missed commits, and {len(told)} incidents say so: {told}")
        rows = await self.cluster.writer.ask("SELECT at FROM event WHERE kind = 'commits_lost'", "perennial")
        if len(rows) != len(told):
            self.complaints.append(f"the standby had missed commits, and {len(rows)} events say so")
        # Whole seconds, as the time of a check is: one that is older than the event is in an earlier second.
        noticed = max((int(row[0]) for row in rows), default=0)
        end = time.monotonic() + verdict.TAKE_OVER
        while early := [token.name for token in self.fleet.tokens.values() if token.ended_at is None
                        and await self.last_check(token) < noticed]:
            if time.monotonic() > end:
                break
            await asyncio.sleep(1)
        if early:
            self.complaints.append(f"the standby had missed commits, and {len(early)} tokens were not checked since, "
                                   f"such as {early[:3]}")

    async def last_check(self, token):
        _, answer = await self.nodes[0].ask("GET", f"/v1/tokens/{token.name}")
        at = answer.get("checked_at")
        if at is None:
            return 0
        return calendar.timegm(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S"))
