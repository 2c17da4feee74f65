"""Breaks each operation off at every point, or has every call fail once, and looks whether anything is lost.

Usage: campaign.py PERENNIAL LIBRARY [--operation NAME]... [--fault NAME]... [--every N] [--point N] [--jobs N]
                   [--append FILE] [--records FILE] [--keep] [--short]
"""

import argparse
import collections
import concurrent.futures
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import commands
import operations
import place as places
import records
from place import Place, copy
from records import FAULTS, LIES, ON, ONCE

OPERATIONS = {
    "rotate": operations.Rotate, "import": operations.Import, "import-many": operations.ImportMany,
    "login": operations.Login, "callback": operations.Callback, "code": operations.Code,
    "delivery": operations.Deliver, "mail": operations.Mail, "deletion": operations.Delete,
    "forget": operations.Forget, "rekey": commands.Rekey, "rekey-data-keys": commands.RekeyData,
    "backup": commands.Backup, "live-backup": commands.LiveBackup, "nightly-backup": commands.Nightly,
    "restore": commands.Restore, "start": commands.Start, "recovery": commands.Recover,
    "start-restored": commands.StartRestored, "upgrade": commands.Upgrade,
}
# Each change is tried with these: some points of each operation.
SHORT, SHORT_STEP = ("crash", "power", "enospc-on"), 40
# No error may keep the daemon from its work for longer, but a person may have to order it again.
WITH_ERRORS = 4


class Campaign:
    def __init__(self, options, scratch):
        self.program, self.library, self.options, self.scratch = options.program, options.library, options, scratch
        self.now, self.lock, self.number = time.time(), threading.Lock(), 0
        digest = hashlib.sha256(Path(options.program).read_bytes())
        for path in sorted(places.HERE.glob("*.py")) + [places.HERE / "faults.c"]:
            digest.update(path.read_bytes())
        self.build, self.results = digest.hexdigest()[:12], []
        if options.append and options.append.exists():
            lines = map(json.loads, options.append.read_text().splitlines())
            self.results = [line for line in lines if line["build"] == self.build]

    def new_place(self, name, kind, folder):
        made = Place(self.program, self.library, folder, kind.configuration)
        made.start_graph(self.now)
        return made

    def prepare(self, name):
        kind, folder = OPERATIONS[name], self.scratch / name / "template"
        place = self.new_place(name, kind, folder)
        operation = kind(place)
        try:
            operation.issued = place.issued()
            operation.furnish()
            operation.prepare()
            place.stop()
        finally:
            operation.dismiss()
            place.end()
        return folder

    def run(self, name, fault):
        done = {one["point"]: one for one in self.results if (one["operation"], one["fault"]) == (name, fault)}
        template, ended = None, 0
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            points = [self.options.point] if self.options.point else range(1, 10_000, self.options.every)
            waiting = collections.deque()
            for point in points:
                if point in done:
                    ended += not done[point]["kind"]
                else:
                    template = template or self.prepare(name)
                    waiting.append(pool.submit(self.attempt, name, fault, point, template))
                while len(waiting) >= self.options.jobs:
                    ended += not self.note(waiting.popleft().result())
                # How many there are differs by a few.
                if ended >= 2:
                    break
            for one in waiting:
                self.note(one.result())
        if not self.options.keep:
            shutil.rmtree(self.scratch / name, ignore_errors=True)

    def note(self, result):
        """Returns what it was broken off at."""
        self.results.append(result)
        if self.options.append:
            with open(self.options.append, "a") as results:
                results.write(json.dumps(result) + "\n")
        if not result["ok"]:
            print(f"FAILED {result['operation']} {result['fault']} at point {result['point']} ({result['kind']} "
                  f"{result['what']}): {result['error']}\n    again: tests/crash/run --operation {result['operation']} "
                  f"--fault {result['fault']} --point {result['point']} --keep", file=sys.stderr, flush=True)
        return result["kind"]

    def attempt(self, name, fault, point, template):
        with self.lock:
            self.number += 1
            folder = self.scratch / name / f"{fault}-{point}-{self.number}"
        copy(template, folder)
        move_files(folder / "inventory.db", template, folder)
        place = self.new_place(name, OPERATIONS[name], folder)
        operation = OPERATIONS[name](place, weak=fault in LIES)
        attempt = Attempt(place, operation, fault, point)
        result = {"build": self.build, "operation": name, "fault": fault, "point": point, "ok": True, "error": None}
        began = time.monotonic()
        try:
            attempt.run()
        except Exception as error:
            result |= {"ok": False, "error": f"{attempt.stage}: {type(error).__name__}: {error}"}
            if self.options.keep:
                result["error"] += f"\n{traceback.format_exc()}\n    kept: {folder}"
        finally:
            operation.dismiss()
            place.end()
        result |= dict(zip(("kind", "what"), attempt.reached()), seconds=round(time.monotonic() - began, 2),
                       unfinished=attempt.is_unfinished)
        if not (self.options.keep and not result["ok"]):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(place.kept, ignore_errors=True)
        return result


def move_files(inventory, template, folder):
    """The inventory knows where delivered files are."""
    if not inventory.exists():
        return
    with contextlib.closing(sqlite3.connect(inventory)) as inventory:
        moved = "UPDATE delivered_file SET path = replace(path, ?, ?) WHERE path LIKE ?"
        if inventory.execute("SELECT 1 FROM delivered_file").fetchone():
            inventory.execute(moved, (f"{template}/", f"{folder}/", f"{template}/%"))
            inventory.commit()


class Attempt:
    def __init__(self, place, operation, fault, point):
        self.place, self.operation, self.fault, self.point = place, operation, fault, point
        self.arm, self.is_over, self.is_unfinished, self.stage = place.folder / "arm", False, False, "before"

    def run(self):
        place, operation = self.place, self.operation
        operation.issued = place.issued()
        operation.furnish()
        operation.started()
        self.stage = "meanwhile"
        lifting = threading.Thread(target=self.lift)
        lifting.start()
        try:
            self.act()
        finally:
            self.is_over = True
            lifting.join()
            self.arm.unlink(missing_ok=True)
        place.kill()
        if self.fault in LIES + ("power",):
            for index in place.folder.glob("*-shm"):
                index.unlink()
            shutil.rmtree(place.kept)
        self.stage = "afterwards"
        operation.come_back()
        operation.check()
        self.stage = "again"
        operation.again()
        place.stop()
        self.stage = "at the end"
        operation.check_file()

    def act(self):
        place, operation = self.place, self.operation
        broken = place.broken(self.fault, self.point, self.arm)
        if operation.is_tool:
            if operation.needs_daemon:
                place.start()
            self.arm.touch()
            operation.fault = broken
        else:
            if operation.from_start:
                self.arm.touch()
            place.launch(broken)
            if not operation.from_start:
                assert place.is_ready(), place.tail()
                self.arm.touch()
        with self.errors_allowed():
            operation.act()

    @contextlib.contextmanager
    def errors_allowed(self):
        """Where calls fail, the work may stay undone until someone orders it again. It must not wait for ever."""
        places.set_patience(WITH_ERRORS if self.fault in ONCE + ON else None)
        try:
            yield
        except places.Late:
            if self.fault not in ONCE + ON or not self.reached()[0]:
                raise
            self.is_unfinished = True
        finally:
            places.set_patience(None)

    def lift(self):
        """A disk that is full or broken is so for a while."""
        while not self.is_over:
            if self.fault in ON and self.reached()[0]:
                time.sleep(0.3)
                self.arm.unlink(missing_ok=True)
                return
            time.sleep(0.01)

    def reached(self):
        """The kind of the point, and its file or peer."""
        report = self.place.folder / "fault"
        lines = report.read_text().splitlines() if report.exists() else []
        if not lines:
            return "", ""
        kind, what = lines[0].split("\t")
        return kind, self.named(what)

    def named(self, what):
        if not what.startswith("port "):
            return what.replace(str(self.place.folder) + "/", "")
        port = what.split()[1]
        return "Meta" if self.place.url.endswith(f":{port}") else "mail server or receiver"


@contextlib.contextmanager
def scratch_folder(is_kept):
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        yield folder
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--operation", action="append", choices=OPERATIONS)
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--point", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--append", type=Path)
    parser.add_argument("--records", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--short", action="store_true", help="some points, in less than a minute")
    options = parser.parse_args()
    if options.program.name != "perennial":
        parser.error(f"faults happen only in a program that is called perennial, not in {options.program}")
    if options.short:
        options.fault, options.every = options.fault or SHORT, SHORT_STEP
    with scratch_folder(options.keep) as scratch:
        return report(options, try_all(options, Campaign(options, scratch)))


def try_all(options, campaign):
    """Returns a row for each operation and fault. A part of the points is no reason not to try all of them later."""
    known, commit = records.read(options.records), commit_of(options.program)
    keeps = options.records and options.every == 1 and not options.point
    for fault in options.fault or FAULTS:
        for name in options.operation or OPERATIONS:
            if (name, fault) in known:
                continue
            began, before = time.monotonic(), len(campaign.results)
            campaign.run(name, fault)
            print(f"{fault} {name}: {len(campaign.results) - before} attempts in {time.monotonic() - began:.0f} s",
                  file=sys.stderr, flush=True)
            if keeps:
                row = records.rows_of(campaign.results)[name, fault]
                if not row["points"]:
                    sys.exit(f"{fault} {name}: no point was reached, so nothing was tried")
                records.write(options.records, known, row, commit)
    return [*(records.rows_of(campaign.results) | known).values()]


def commit_of(program):
    """Of the sources of the program."""
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\(commit (\w+)\)", said)
    return found[1] if found else "unknown"


def report(options, rows):
    print(records.table(rows, OPERATIONS), records.by_fault(rows), records.summary(rows), sep="\n\n")
    # A library that the program does not load would find nothing.
    return int(any(row["failed"] for row in rows) or not any(row["points"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
