"""What goes wrong in a run, drawn from its seed alone."""

import random
from dataclasses import dataclass, field

FAULTS = ("kill", "stop", "lose_commits", "partition", "promote", "restart_database", "clock", "restart_node",
          "freeze_database", "slow")
# The run of a seed has this many, of which the first is the seed's own turn, so that each has the same share.
STEPS = (3, 4)


@dataclass
class Step:
    fault: str
    # Seconds after the one before has begun or, if this one does not overlap it, is over.
    after: float
    overlaps: bool
    options: dict = field(default_factory=dict)

    def __str__(self):
        shown = ",".join(str(value) for value in self.options.values())
        return f"{'+' if self.overlaps else ''}{self.fault}({shown})"


@dataclass
class Plan:
    seed: int
    # Whether the standby has what was committed, so that nothing is lost when it is promoted.
    synchronous: bool
    # Whether the daemons know the addresses of both servers, and find the one that takes writes by themselves.
    two_hosts: bool
    # Whether a daemon behind a PgBouncer in transaction mode is tried too.
    pooler: bool
    steps: list

    def loses_commits_for_good(self):
        return not self.synchronous and any(step.fault == "promote" for step in self.steps)

    def __str__(self):
        kind = "sync" if self.synchronous else "async"
        words = [kind, *["two-hosts"] * self.two_hosts, *["pgbouncer"] * self.pooler]
        return " ".join([*words, *map(str, self.steps)])


def draw(seed):
    rng = random.Random(seed)
    names = [FAULTS[seed % len(FAULTS)]]
    for _ in range(rng.randint(*STEPS) - 1):
        # A standby can be promoted once.
        names.append(rng.choice([name for name in FAULTS if name != "promote" or name not in names]))
    steps = []
    for number, name in enumerate(names):
        overlaps = number > 0 and rng.random() < 0.35
        options = OPTIONS[name](rng)
        steps.append(Step(name, round(rng.uniform(2, 6), 1), overlaps, options))
    return Plan(seed, synchronous=rng.random() < 0.75, two_hosts=rng.random() < 0.4, pooler=rng.random() < 0.2,
                steps=steps)


def whom(rng):
    return {"whom": rng.choice(("holder", "holder", "holder", "other"))}


def seconds(rng, least, most):
    return {"seconds": round(rng.uniform(least, most), 1)}


OPTIONS = {
    # In an exchange: before Meta has done it, before the answer leaves, or just after that.
    "kill": lambda rng: {"when": rng.choice(("arrived", "done", "answered")), **seconds(rng, 0.5, 20)},
    # Longer than a term, half of the time in an exchange whose answer then waits for it.
    "stop": lambda rng: {"when": rng.choice(("any", "arrived", "done")), **seconds(rng, 16, 22)},
    "lose_commits": lambda rng: {**whom(rng), "what": rng.choice(("answer", "answer", "request")),
                                 "times": rng.randint(1, 4)},
    "partition": lambda rng: {**whom(rng), "way": rng.choice(("silent", "deaf", "reset")), **seconds(rng, 3, 22)},
    # Before that it may have stood still, and the daemons may have found a server that takes no writes.
    "promote": lambda rng: {**seconds(rng, 0, 4), "reads_first": rng.random() < 0.5},
    "restart_database": lambda rng: {"how": rng.choice(("fast", "immediate")), **seconds(rng, 0, 5)},
    "clock": lambda rng: {**whom(rng), "offset": rng.choice((600, -600)), **seconds(rng, 18, 25)},
    "restart_node": lambda rng: whom(rng),
    "freeze_database": lambda rng: seconds(rng, 2, 20),
    "slow": lambda rng: {**whom(rng), "delay": round(rng.uniform(0.05, 0.4), 2), **seconds(rng, 5, 15)},
}
