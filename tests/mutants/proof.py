"""Makes and tests mutants, file by file. Progress on stderr; the last line of stdout is the figures.

Usage: proof.py [FILE...] [--changed [REF]] [--minutes N] [--results FILE] [--list]
"""

import argparse
import datetime
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import plan

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ["MUTANTS_CACHE"])
VERSION = "27.1.0"
OUTCOMES = ("caught", "missed", "timeout", "unviable")
# Longer than any test takes, on a busy machine too.
LONGEST_TEST = 60
# With the profile of all other tests, whose dependencies are built already where the target folder is the same.
BUILD = {**os.environ, "CARGO_INCREMENTAL": "1", "INSTA_UPDATE": "no",
         "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(CACHE / "target"))}


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True).stdout


class Copy:
    """What is built of a group. It is kept, so that only what changed is built anew."""

    def __init__(self, group):
        self.group, self.folder, self.is_ready = group, CACHE / "trees" / group.name, False

    def prepare(self):
        """Exit if the tests do not pass: then no mutant would mean anything."""
        if self.is_ready:
            return
        tracked = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
        for file in tracked:
            left_out = file.startswith("tests/") and not file.startswith("tests/fixtures/")
            # The program needs the modules that are left out, and would be found without being named.
            if left_out or file == "src/main.rs" or not (ROOT / file).exists():
                continue
            self.write(file, self.cut(file, (ROOT / file).read_bytes()))
        print(f"{self.group.name}: the tests as they are", file=sys.stderr)
        done = subprocess.run(["cargo", "test", "--quiet", *self.arguments()], cwd=self.folder, env=BUILD, stdout=sys.stderr)
        if done.returncode:
            sys.exit(f"{self.group.name}: the tests do not pass as they are")
        self.is_ready = True

    def cut(self, file, content):
        cuts = {"Cargo.toml": plan.cut_manifest, "src/lib.rs": lambda text: plan.cut_library(text, self.group.modules)}
        if file in cuts:
            return cuts[file](content.decode()).encode()
        if file.startswith("src/") and file.endswith(".rs"):
            return plan.cut_tests(content.decode(), file, self.group.tests).encode()
        return content

    def write(self, file, content):
        """Only what differs, so that the rest keeps its time."""
        path = self.folder / file
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def arguments(self):
        return ["--offline", "--locked", "--lib", "--", *self.group.tests]


class File:
    """A file with mutants, each known by its name. What became of each is kept, with the digest of the file."""

    def __init__(self, copy, name, mutants, recorded):
        self.copy, self.name = copy, name
        self.mutants = [mutant for mutant in mutants if not plan.is_equal(mutant)]
        self.equal = [mutant for mutant in mutants if plan.is_equal(mutant)]
        self.digest = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()[:16]
        self.state = CACHE / "state" / f"{name.replace('/', '+')}.json"
        kept = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.outcomes = kept.get("outcomes", {}) if kept.get("digest") == self.digest else {}
        self.out = CACHE / "out" / name.replace("/", "+")
        self.found = self.out / "mutants.out"
        self.keep_what_was_found()
        of_record = recorded.get(name, {})
        is_of_this = of_record.get("digest") == self.digest and not of_record["missed"]
        self.recorded = {kind: of_record[kind] for kind in (*OUTCOMES, "left")} if is_of_this else None

    def left(self):
        """Those that were missed are tried again: there may be a test now."""
        if self.recorded:
            return []
        return [mutant for mutant in self.mutants if self.outcomes.get(mutant) in (None, "missed")]

    def test(self, diff, until):
        """Stops at `until`, if there is such a moment. What is done by then counts."""
        self.copy.prepare()
        shutil.rmtree(self.out, ignore_errors=True)
        self.found.mkdir(parents=True)
        (self.out / "digest").write_text(self.digest)
        # It passes over what it finds here.
        left = set(self.left())
        done = [name for name in (*self.outcomes, *self.equal) if name not in left]
        (self.found / "caught.txt").write_text("".join(f"{name}\n" for name in done))
        command = [*mutants_command([self.name], diff), "--in-place", "--dir", str(self.copy.folder), "--baseline", "skip",
                   "--iterate", "--timeout", str(LONGEST_TEST), "--output", str(self.out), "--", *self.copy.arguments()]
        limit = None if until is None else max(1, until - time.monotonic())
        process = subprocess.Popen(command, env=BUILD, stdout=sys.stderr)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            pass
        finally:
            timeouts = self.found / "timeout.txt"
            known = timeouts.read_text() if timeouts.exists() else ""
            # It puts the file back as it was, and may say that the mutant timed out that it was at.
            process.terminate()
            process.wait()
            timeouts.write_text(known)
            self.keep_what_was_found()
            self.copy.write(self.name, self.copy.cut(self.name, (ROOT / self.name).read_bytes()))

    def keep_what_was_found(self):
        """Also by a run that was killed, if it was about the same text."""
        digest = self.out / "digest"
        if not digest.exists() or digest.read_text() != self.digest:
            return
        equal = set(self.equal)
        for outcome in OUTCOMES:
            file = self.found / f"{outcome}.txt"
            for name in file.read_text().splitlines() if file.exists() else []:
                # What was given to it as done has kept its outcome.
                if name not in equal and self.outcomes.get(name) != "unviable":
                    self.outcomes[name] = outcome
        self.state.parent.mkdir(parents=True, exist_ok=True)
        self.state.write_text(json.dumps({"digest": self.digest, "outcomes": self.outcomes}, indent=1))

    def figures(self):
        if self.recorded:
            return self.recorded
        outcomes = [self.outcomes.get(mutant, "left") for mutant in self.mutants]
        return {outcome: outcomes.count(outcome) for outcome in (*OUTCOMES, "left")}


def mutants_command(files, diff):
    named = [word for file in files for word in ("--file", file)]
    in_diff = ["--in-diff", str(diff)] if diff else []
    return ["cargo-mutants", "mutants", "--no-config", "--colors", "never", *named, *in_diff]


def wanted_files(wanted):
    """Each with the copy in which it is built."""
    tracked = git("ls-files").splitlines()
    found = [(copy, name) for group in plan.GROUPS for copy in [Copy(group)] for name in plan.files_of(group, tracked)]
    chosen = [(copy, name) for copy, name in found if not wanted or name in wanted or copy.group.name in wanted]
    if not chosen:
        sys.exit(f"no mutants are made in {' '.join(wanted)}; plan.py says where they are")
    return chosen


def with_mutants(chosen, diff, recorded):
    command = [*mutants_command([name for _, name in chosen], diff), "--list"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [File(copy, name, [mutant for mutant in listed if mutant.startswith(f"{name}:")], recorded)
            for copy, name in chosen]


def is_here(commit):
    known = ["git", "-C", ROOT, "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(known, stderr=subprocess.DEVNULL).returncode == 0


def changes(files, reference, recorded):
    """As a diff, from REFERENCE or the commit at which all mutants of a file were tried. One that was never done has none."""
    parts = []
    for name in files:
        since = reference or recorded.get(name, {}).get("commit")
        if since and not is_here(since):
            # As in a clone without its history.
            print(f"{name}: what has changed is unknown, because commit {since} is not here", file=sys.stderr)
        elif since:
            parts.append(git("diff", since, "--", name))
    return "".join(parts)


def write_diff(text):
    diff = CACHE / "changed.diff"
    CACHE.mkdir(parents=True, exist_ok=True)
    diff.write_text(text)
    return diff


def install():
    """Not before it is needed: most changes have no line in which mutants are made."""
    found = subprocess.run(["cargo-mutants", "mutants", "--version"], capture_output=True, text=True) if shutil.which(
        "cargo-mutants") else None
    if found and VERSION in found.stdout:
        return
    building = {**os.environ, "CARGO_TARGET_DIR": str(CACHE / "tools")}
    command = ["cargo", "install", f"cargo-mutants@{VERSION}", "--locked", "--debug", "--root", str(CACHE)]
    subprocess.run(command, check=True, env=building, stdout=sys.stderr)
    shutil.rmtree(CACHE / "tools")


def read_records(results):
    """The last line of each file. A machine on which nothing was done before goes on from these."""
    lines = map(json.loads, results.read_text().splitlines()) if results.exists() else ()
    return {line["file"]: line for line in lines}


def record(results, file, figures):
    """One line for each file that was done: what became of its mutants, and at which commit."""
    commit = git("rev-parse", "--short=12", "HEAD").strip()
    line = {"at": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M}", "commit": commit, "file": file.name,
            "digest": file.digest, **figures}
    kept = read_records(results) | {file.name: line}
    results.write_text("".join(json.dumps(kept[name]) + "\n" for name in sorted(kept)))


def summary(total, files):
    mutants = sum(total.values())
    words = [f"{total[name]:,} {word}" for name, word in (("caught", "caught"), ("unviable", "do not compile"),
                                                         ("timeout", "timed out"), ("left", "not tried"))]
    return f"{mutants:,} mutants in {files} files: {', '.join(words)}, {total['missed']:,} missed"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--changed", nargs="?", const="", metavar="REF")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--results", type=Path, default=CACHE / "results.jsonl")
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    files_of_groups, recorded, diff = wanted_files(chosen.files), read_records(chosen.results), None
    if chosen.changed is not None:
        changed = changes([name for _, name in files_of_groups], chosen.changed, recorded)
        if not changed:
            print("no line has changed in which mutants are made")
            return
        # Of a change, only a part of a file's mutants counts.
        diff, recorded = write_diff(changed), {}
    install()
    until = time.monotonic() + chosen.minutes * 60 if chosen.minutes else None
    total, files, missed = dict.fromkeys((*OUTCOMES, "left"), 0), 0, []
    for file in with_mutants(files_of_groups, diff, recorded):
        if file.left() and not chosen.list and (until is None or time.monotonic() < until):
            file.test(diff, until)
            if diff is None and not file.figures()["left"]:
                record(chosen.results, file, file.figures())
        figures = file.figures()
        files += bool(file.mutants)
        total = {name: total[name] + figures[name] for name in total}
        missed += [mutant for mutant in file.mutants if file.outcomes.get(mutant) in ("missed", "timeout")]
        if file.mutants:
            print(f"{file.name}: {figures}", file=sys.stderr)
    for mutant in missed:
        print(f"missed or timed out: {mutant}", file=sys.stderr)
    print(summary(total, files))
    sys.exit(bool(total["missed"]))


if __name__ == "__main__":
    main()
