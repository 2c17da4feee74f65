"""What the daemon holds at a moment, and whether it grows: a straight line through the measurements of the second half of
a run, by least squares."""

import os
import sqlite3
from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024

# By how much each may grow from the beginning of the second half to the end, by that line: this much, and this share of
# its mean.
BOUNDS = {
    "memory": (1 * MIB, 0.05),
    "file descriptors": (2, 0.05),
    "threads": (1, 0.05),
    "database": (64 * KIB, 0.03),
    "WAL": (256 * KIB, 0.05),
    "rows": (50, 0.03),
    "emails waiting": (2, 0.05),
    "deliveries waiting": (4, 0.05),
    "files in state": (1, 0),
    "files in run": (2, 0.03),
}


@dataclass
class Trend:
    name: str
    first: float
    last: float
    mean: float

    @property
    def growth(self):
        return self.last - self.first

    @property
    def bound(self):
        fixed, share = BOUNDS.get(self.name, BOUNDS["rows"])
        return fixed + share * self.mean

    def is_kept(self):
        return self.growth <= self.bound


def trend(name, points):
    """`points` are pairs of a time and a value, at least two."""
    times, values = zip(*points)
    count, middle, mean = len(points), sum(times) / len(points), sum(values) / len(points)
    spread = sum((at - middle) ** 2 for at in times)
    slope = sum((at - middle) * (value - mean) for at, value in points) / spread if spread and count > 1 else 0
    return Trend(name, mean + slope * (times[0] - middle), mean + slope * (times[-1] - middle), mean)


def of_process(pid, folder):
    """Of the process and its files."""
    with open(f"/proc/{pid}/status") as file:
        words = dict(line.split(":", 1) for line in file)
    database = folder / "state/inventory.db"
    return {"memory": int(words["VmRSS"].split()[0]) * KIB, "threads": int(words["Threads"]),
            "file descriptors": len(os.listdir(f"/proc/{pid}/fd")), "database": size(database),
            "WAL": size(database.with_name("inventory.db-wal")), "files in state": files(folder / "state"),
            "files in run": files(folder / "run")}


def of_status(status):
    return {"emails waiting": status["mail"]["queued"], "deliveries waiting": status["deliveries"]["pending"]}


def of_tables(folder):
    """How many rows each table has."""
    with sqlite3.connect(f"file:{folder}/state/inventory.db?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        counts = {f"rows of {name}": db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    db.close()
    return counts


def size(path):
    return path.stat().st_size if path.exists() else 0


def files(folder):
    return sum(len(names) for _, _, names in os.walk(folder))
