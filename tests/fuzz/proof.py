"""Runs the fuzz targets, and says what they did: a line for each, and a last one for all.

Usage: proof.py SECONDS [TARGET...] | --until SECONDS [--results FILE] [TARGET...] | --again TARGET FILE
"""

import argparse
import csv
import datetime
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("FUZZ_CACHE", "cache"))
PROGRAMS = Path(os.environ.get("FUZZ_PROGRAMS", "programs"))
# Where the targets have their files, if there is such a place: it is faster than a disk.
MEMORY = Path("/dev/shm")
AT_ONCE = 2
# Of one run in a longer series, in seconds. What a run did is kept when it ends.
LONGEST_RUN = 600
# An input takes milliseconds; a slow machine under load, a hundred times that.
SLOWEST_INPUT = 20
MOST_MEMORY = 1024
LONGEST_INPUT = 16 * 1024
# The exit code of libFuzzer when a signal has ended it.
INTERRUPTED = 72
COLUMNS = ("at", "commit", "target", "cpu_seconds", "inputs", "features", "corpus", "findings")


running: set[subprocess.Popen] = set()
stopped = threading.Event()


@dataclass(frozen=True)
class Run:
    """What one run of a target did."""

    target: str
    cpu_seconds: float
    inputs: int
    features: int
    corpus: int
    seconds: float
    finding: Path | None

    def line(self) -> str:
        rate = self.inputs / self.seconds if self.seconds else 0
        return (f"{self.target:<14} {self.inputs:>12,} inputs {rate:>8,.0f}/s  corpus {self.corpus:>6,}"
                f"  features {self.features:>7,}")


def targets() -> list[str]:
    return [target["name"] for target in tomllib.loads((HERE / "Cargo.toml").read_text())["bin"]]


def read_log(log: str) -> tuple[int, int, int]:
    """The inputs, features and corpus of libFuzzer's log. One that was broken off has no figures at its end."""
    counts = re.findall(r"^#(\d+)\s", log, re.MULTILINE) + re.findall(r"number_of_executed_units:\s*(\d+)", log)
    states = re.findall(r"\bft: (\d+) corp: (\d+)/", log)
    features, corpus = states[-1] if states else (0, 0)
    return max(map(int, counts), default=0), int(features), int(corpus)


def folder(kind: str, target: str) -> Path:
    path = CACHE / kind / target
    path.mkdir(parents=True, exist_ok=True)
    return path


def command(target: str, seconds: int, artifacts: Path, corpus: Path) -> list[str]:
    """Earlier findings are inputs too, so one that is not mended is found at once."""
    words = HERE / "words" / f"{target}.txt"
    return [
        str(PROGRAMS / target),
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST_INPUT}",
        f"-rss_limit_mb={MOST_MEMORY}",
        f"-max_len={LONGEST_INPUT}",
        "-print_final_stats=1",
        f"-artifact_prefix={artifacts}/",
        *([f"-dict={words}"] if words.exists() else []),
        str(corpus),
        str(ROOT / "tests/fixtures/fuzz" / target),
        str(folder("findings", target)),
    ]


def run(target: str, seconds: int, goes_on: bool) -> Run:
    artifacts = folder("artifacts", target)
    shutil.rmtree(artifacts)
    artifacts.mkdir()
    log = folder("logs", target) / "last.log"
    with log.open("w") as out, tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as files:
        fuzz = command(target, seconds, artifacts, folder("corpus", target) if goes_on else empty_corpus(files))
        # One that does not go on does the same each time, so that it fails for the change that made it fail.
        fuzz += [] if goes_on else ["-seed=1"]
        process = subprocess.Popen(fuzz, cwd=ROOT, stdout=out, stderr=out, env=os.environ | {"TMPDIR": files})
        running.add(process)
        _, status, usage = os.wait4(process.pid, 0)
        running.discard(process)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    inputs, features, corpus = read_log(text)
    elapsed = re.search(r"Done \d+ runs in (\d+) second", text)
    cpu = usage.ru_utime + usage.ru_stime
    is_finding = process.returncode not in (0, INTERRUPTED)
    finding = kept_finding(target, artifacts, text) if is_finding else None
    if finding and was_slow_once(target, finding):
        finding.unlink()
        finding = None
    return Run(target, cpu, inputs, features, corpus, float(elapsed[1]) if elapsed else cpu, finding)


def empty_corpus(files: str) -> Path:
    corpus = Path(files) / "corpus"
    corpus.mkdir()
    return corpus


def kept_finding(target: str, artifacts: Path, log: str) -> Path:
    """The input that was found, or the log if the program ended without one."""
    print(log[-6000:], file=sys.stderr)
    # A slow unit is only reported.
    found = [path for path in sorted(artifacts.iterdir()) if not path.name.startswith("slow-unit")]
    if not found:
        return folder("logs", target) / "last.log"
    kept = folder("findings", target) / found[0].name
    shutil.copy(found[0], kept)
    return kept


def was_slow_once(target: str, finding: Path) -> bool:
    """Whether an input took too long because the machine was busy: it ends when it is repeated."""
    if not finding.name.startswith("timeout-"):
        return False
    print(f"{target}: {finding.name} took too long, and is repeated", file=sys.stderr)
    return subprocess.run(repetition(target, finding), stdout=sys.stderr).returncode == 0


def repetition(target: str, finding: Path | str) -> list[str]:
    limits = [f"-timeout={SLOWEST_INPUT}", f"-rss_limit_mb={MOST_MEMORY}"]
    return [str(PROGRAMS / target), *limits, str(finding)]


@functools.cache
def commit() -> str:
    words = ["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def so_far(results: Path) -> list[dict[str, str]]:
    if not results.exists():
        return []
    with results.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def cpu_seconds(rows: list[dict[str, str]], target: str) -> float:
    return sum(float(row["cpu_seconds"]) for row in rows if row["target"] == target)


def append(results: Path, done: Run) -> None:
    is_new = not results.exists()
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")
    with results.open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        findings = int(done.finding is not None)
        writer.writerow((at, commit(), done.target, f"{done.cpu_seconds:.1f}", done.inputs, done.features, done.corpus,
                         findings))


def until(target: str, seconds: int, results: Path) -> Run | None:
    """Stops at a finding."""
    done = None
    while not stopped.is_set() and (left := seconds - cpu_seconds(so_far(results), target)) > 0:
        done = run(target, max(10, min(LONGEST_RUN, int(left))), goes_on=True)
        append(results, done)
        if done.finding:
            return done
        print(done.line(), flush=True)
    return done


def once(target: str, seconds: int) -> Run | None:
    return None if stopped.is_set() else run(target, seconds, goes_on=False)


def report(done: list[Run]) -> bool:
    """Whether nothing was found."""
    for found in done:
        if found.finding:
            print(f"FOUND: {found.target}. To repeat it: tests/fuzz/run --again {found.target} {found.finding}")
    return not any(found.finding for found in done)


def summary(rows: list[dict[str, str]]) -> str:
    inputs, found = (sum(int(row[name]) for row in rows) for name in ("inputs", "findings"))
    names = {row["target"] for row in rows}
    least = min((cpu_seconds(rows, name) for name in names), default=0)
    return (f"{len(names)} targets, each with at least {least / 60:,.0f} minutes of processor time: {inputs:,} inputs, "
            f"{found} findings on the way")


def stop(*_) -> None:
    """What ran so far is kept."""
    stopped.set()
    for process in list(running):
        process.terminate()


def again(target: str, file: str) -> None:
    os.execv(PROGRAMS / target, repetition(target, file))


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/fuzz/run")
    parser.add_argument("--until", type=int, metavar="SECONDS")
    parser.add_argument("--results", type=Path, default=CACHE / "results.tsv")
    parser.add_argument("--again", nargs=2, metavar=("TARGET", "FILE"))
    parser.add_argument("words", nargs="*", metavar="SECONDS | TARGET")
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if chosen.again:
        again(*chosen.again)
    words = chosen.words
    seconds = chosen.until or (int(words.pop(0)) if words and words[0].isdigit() else parser.error("how many seconds?"))
    unknown = [word for word in words if word not in targets()]
    if unknown:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(targets())}")
    commit()  # From here on: by the end another one may be checked out.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        if chosen.until:
            runs = pool.map(lambda target: until(target, seconds, chosen.results), words or targets())
        else:
            runs = pool.map(lambda target: once(target, seconds), words or targets())
        done = []
        for one in runs:
            done += [one] if one else []
            if one and not chosen.until:
                print(one.line(), flush=True)
    is_clean = report(done)
    if stopped.is_set():
        sys.exit("stopped; it goes on from here with the same command")
    if chosen.until:
        print(summary(so_far(chosen.results)))
    elif is_clean:
        print(f"{len(done)} targets, {seconds} s each: {sum(one.inputs for one in done):,} inputs, nothing found")
    sys.exit(not is_clean)


if __name__ == "__main__":
    main()
