"""What became of an operation under a fault, all points together: what is printed, and what need not be done again."""

import collections
import datetime
import json

CRASHES, LIES, ONCE, ON = ("crash", "half", "power"), ("lie", "lie-last"), ("enospc", "eio"), ("enospc-on", "eio-on")
FAULTS = (*CRASHES, *ONCE, *ON, *LIES)
KINDS = ("write", "fsync", "create", "rename", "unlink", "link", "truncate", "mkdir", "chmod", "send", "answer")


def rows_of(results):
    """A row for each operation and fault, of the attempts that reached their point."""
    rows = {}
    for one in results:
        row = rows.setdefault((one["operation"], one["fault"]), {
            "operation": one["operation"], "fault": one["fault"], "points": 0, "undone": 0, "failed": 0, "kinds": {}})
        row["failed"] += not one["ok"]
        if one["kind"]:
            kind = "answer" if one["kind"] == "receive" else one["kind"]
            row["points"] += 1
            row["undone"] += one["unfinished"]
            row["kinds"][kind] = row["kinds"].get(kind, 0) + 1
    return rows


def read(file):
    """Those without a failure: what has failed is tried again."""
    lines = map(json.loads, file.read_text().splitlines()) if file and file.exists() else ()
    return {(line["operation"], line["fault"]): line for line in lines if not line["failed"]}


def write(file, rows, row, commit):
    """Adds a row to those of the file."""
    at = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M}"
    rows[row["operation"], row["fault"]] = {"at": at, "commit": commit, **row}
    file.write_text("".join(json.dumps(rows[key]) + "\n" for key in sorted(rows)))


def table(rows, operations):
    """How many points of each kind there are, by operation; of the fault with the most."""
    counts = collections.Counter()
    for row in rows:
        if row["fault"] == "crash":
            counts.update({(row["operation"], kind): count for kind, count in row["kinds"].items()})
    lines = ["".join([f"{'operation':16}", *(f"{kind:>9}" for kind in KINDS), f"{'all':>9}"])]
    for name in [*operations, "all"]:
        cells = [sum(count for (of, kind), count in counts.items() if name in (of, "all") and kind == column)
                 for column in KINDS]
        if sum(cells):
            lines.append("".join([f"{name:16}", *(f"{cell or '-':>9}" for cell in cells), f"{sum(cells):9}"]))
    return "\n".join(lines)


def by_fault(rows):
    lines = [f"{'fault':12}{'points':>8}{'left undone until ordered again':>34}{'failed':>8}"]
    for fault in FAULTS:
        of = [row for row in rows if row["fault"] == fault]
        points, undone, failed = (sum(row[name] for row in of) for name in ("points", "undone", "failed"))
        if of:
            lines.append(f"{fault:12}{points:8}{undone:34}{failed:8}")
    return "\n".join(lines)


def summary(rows):
    def of(*faults):
        return sum(row["points"] for row in rows if row["fault"] in faults)

    names = {row["operation"] for row in rows if row["points"]}
    failed = sum(row["failed"] for row in rows)
    # In the order in which they were tried.
    commits = list(dict.fromkeys(row["commit"][:8] for row in sorted(rows, key=lambda row: row.get("at", ""))
                                 if "commit" in row))
    programs = f" (programs of {', '.join(commits)})" if commits else ""
    return (f"{len(names)} operations: {of(*CRASHES):,} ends, {of(*ONCE, *ON):,} disk errors, {of(*LIES):,} lying disks; "
            f"{failed} attempts lost or halved something{programs}")
