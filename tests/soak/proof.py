"""The run: 24 simulated hours a second beside everybody who has to do with the daemon. Progress on stderr; the last line
of stdout is the figures. Exit 1 if something grew beyond its bound, or somebody was refused what is theirs.

Usage: proof.py PERENNIAL [--minutes 10] [--append FILE]
"""

import argparse
import asyncio
import datetime
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "nodes"))

import holding
from crowd import Crowd
from servers import Servers
from world import World

# A step of the clock, and how many there are in a second: 24 hours.
HOURS, STEPS_A_SECOND = 6, 4
# Seconds between two counts of the rows, which read the whole database.
COUNT_EVERY = 5


class Run:
    def __init__(self, program, folder, minutes):
        self.world, self.servers = World(program, folder), Servers()
        self.crowd, self.seconds = Crowd(self.world, self.servers), minutes * 60
        self.points, self.steps, self.problems, self.complaints = {}, 0, {}, []

    async def go(self):
        await self.world.start(await self.servers.start())
        try:
            await self.crowd.prepare()
            began = time.monotonic()
            tasks = [asyncio.ensure_future(self.crowd.repeat(*task)) for task in self.crowd.tasks()]
            tasks.append(asyncio.ensure_future(self.measure(began)))
            await self.move_clock(began)
            self.complaints += [f"{task} ended: {task.exception()!r}" for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.judge()
        finally:
            self.world.stop()
            self.servers.stop()

    async def move_clock(self, began):
        """One order after each step makes the daemon ask Meta, and so learn that the clock is right."""
        while (passed := time.monotonic() - began) < self.seconds:
            await self.world.step(HOURS)
            self.steps += 1
            await self.crowd.order("POST", f"/v1/tokens/system-{self.steps % 20}/check", fine=(404,))
            due = began + self.steps / STEPS_A_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.steps % (30 * STEPS_A_SECOND) == 0:
                self.show(passed)

    def days(self):
        return self.steps * HOURS / 24

    def show(self, passed):
        latest = {name: points[-1][1] for name, points in self.points.items() if not name.startswith("rows")}
        words = ", ".join(f"{name} {value:,}" for name, value in latest.items())
        print(f"{passed:.0f} s, {self.days():.0f} days: {words}; {len(self.crowd.refusals)} refusals", file=sys.stderr)

    async def measure(self, began):
        count = 0
        while True:
            passed = time.monotonic() - began
            values = holding.of_process(self.world.daemon.pid, self.world.folder)
            status = await self.world.status()
            values |= holding.of_status(status)
            for problem in status["problems"]:
                self.problems[problem] = self.problems.get(problem, 0) + 1
            if count % COUNT_EVERY == 0:
                values |= await asyncio.to_thread(holding.of_tables, self.world.folder)
            for name, value in values.items():
                self.points.setdefault(name, []).append((passed, value))
            count += 1
            await asyncio.sleep(1)

    def trends(self):
        """Of the second half."""
        halves = {name: [point for point in points if point[0] >= self.seconds / 2] for name, points in self.points.items()}
        return [holding.trend(name, points) for name, points in halves.items() if len(points) > 1]

    async def judge(self):
        if self.world.daemon.poll() is not None:
            self.complaints.append(f"the daemon ended with {self.world.daemon.returncode}")
            return
        self.complaints += self.crowd.refusals[:20]
        for trend in self.trends():
            if not trend.is_kept():
                self.complaints.append(f"{trend.name} grew from {trend.first:,.0f} to {trend.last:,.0f}; at most "
                                       f"{trend.bound:,.0f} more is allowed")
        self.complaints += [f"nobody has done this: {what}" for what in ("logins", "confirmations", "back_up", "reload")
                            if not self.crowd.done.get(what)]
        status = await self.world.status()
        print(f"at the end: {status['tokens']} {status['incidents']} {status['problems']}", file=sys.stderr)
        print(f"problems in {len(self.points['memory'])} looks: {self.problems}", file=sys.stderr)
        print(f"done: {self.crowd.done}, emails {self.servers.taken}, calls {self.servers.calls}", file=sys.stderr)

    def summary(self):
        found = self.trends()
        of, grew = {trend.name: trend for trend in found}, sum(not trend.is_kept() for trend in found)
        memory, database, mib = of["memory"], of["database"], holding.MIB
        return (f"{self.days():,.0f} days at {self.days() * 24 / self.seconds:.0f} h a second; from half-time on: "
                f"memory {memory.first / mib:.0f} to {memory.last / mib:.0f} MiB, "
                f"database {database.first / mib:.1f} to {database.last / mib:.1f}, WAL {of['WAL'].last / mib:.0f}, "
                f"{of['file descriptors'].last:.0f} files open, {grew} of {len(found)} figures grew")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--append", type=Path)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    folder.chmod(0o711)
    run = Run(chosen.program, folder, chosen.minutes)
    asyncio.run(run.go())
    for trend in run.trends():
        print(f"{trend.name:32} {trend.first:14,.1f} {trend.last:14,.1f}  bound {trend.bound:12,.1f}", file=sys.stderr)
    for complaint in run.complaints:
        print(complaint, file=sys.stderr)
    line = run.summary()
    if chosen.append:
        with chosen.append.open("a") as file:
            file.write(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} {line}\n")
    if run.complaints:
        print(f"kept: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    print(line)
    sys.exit(bool(run.complaints))


if __name__ == "__main__":
    main()
