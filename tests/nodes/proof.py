"""Three daemons on one PostgreSQL with a standby, and everything that can go wrong, drawn from a seed. One line for
each run, and exit 1 if one of them saw what must not be.

Usage: proof.py PERENNIAL [--seeds A..B | --short | --sabotage] [--jobs N] [--append FILE]
"""

import argparse
import asyncio
import concurrent.futures
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from plan import draw
from sabotage import SEEN, Sabotage
from story import Story

# Between them they have every fault, and a promotion with and without a loss.
SHORT = (12, 17, 18, 25)
# No run takes longer, unless it hangs.
LONGEST = 600


def new_folder(seed):
    folder = Path(tempfile.mkdtemp(prefix=f"nodes-{seed}-"))
    # The database runs as another user.
    folder.chmod(0o711)
    return folder


def one(program, seed):
    """Runs in this process. Returns whether all was well."""
    folder = new_folder(seed)
    story, began, figures = Story(program, folder, seed), time.monotonic(), {}
    try:
        figures = asyncio.run(story.tell())
    except Exception:
        story.complaints.append(f"the run itself failed: {traceback.format_exc()}")
    line = report(story, figures, time.monotonic() - began)
    if story.complaints:
        (folder / "report").write_text(line + "\n" + "\n".join(map(str, story.graph.ledger)) + "\n")
        again = f"tests/nodes/run {shlex.quote(str(program))} --seeds {seed}..{seed}"
        line += f"\n    kept: {folder}\n    again: {again}"
    else:
        shutil.rmtree(folder)
    print(line, flush=True)
    return not story.complaints


def report(story, figures, seconds):
    verdict = "VIOLATED" if story.complaints else "ok"
    words = " ".join(f"{name}={value}" for name, value in figures.items())
    done = "; ".join(story.faults.notes)
    line = f"{verdict:8} seed={story.plan.seed} {seconds:.0f} s {words} [{story.plan}] {done}"
    return "\n".join([line, *(f"    {complaint}" for complaint in story.complaints)])


def sabotage(program):
    """Returns whether the verdict sees everything that must not be."""
    folder = new_folder(0)
    story = Sabotage(program, folder, 0)
    asyncio.run(story.tell())
    shutil.rmtree(folder)
    for what in SEEN:
        print(f"{'not seen' if what in story.unseen() else 'seen    '} {what}", flush=True)
    if story.unseen():
        print("\n".join(story.complaints))
    return not story.unseen()


def run_child(program, seed):
    """In a process of its own, so that no run disturbs another. Returns what it printed and whether all was well."""
    command = [sys.executable, __file__, program, "--one", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            words, _ = child.communicate(timeout=LONGEST)
            return words, child.returncode == 0
        except subprocess.TimeoutExpired:
            # It ends its servers and says where it was.
            child.send_signal(signal.SIGINT)
        try:
            words, _ = child.communicate(timeout=LONGEST / 10)
        except subprocess.TimeoutExpired:
            child.kill()
            words, _ = child.communicate()
        return f"VIOLATED seed={seed}: no end after {LONGEST} s\n{words}", False


def seeds(words):
    first, _, last = words.partition("..")
    return range(int(first), int(last or first) + 1)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.realpath)
    parser.add_argument("--seeds", type=seeds, default=seeds("1..60"))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--sabotage", action="store_true", help="show that the verdict would see what must not be")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--append", type=Path)
    parser.add_argument("--one", type=int)
    parser.add_argument("--show", action="store_true", help="only show what would go wrong")
    return parser.parse_args()


def main():
    given = arguments()
    if given.sabotage:
        sys.exit(0 if sabotage(given.program) else 1)
    chosen = SHORT if given.short else given.seeds
    if given.one is not None:
        sys.exit(0 if one(given.program, given.one) else 1)
    if given.show:
        print("\n".join(f"seed={seed} {draw(seed)}" for seed in chosen))
        return
    began, bad = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(len(SHORT) if given.short else given.jobs) as pool:
        running = {pool.submit(run_child, given.program, seed): seed for seed in chosen}
        for future in concurrent.futures.as_completed(running):
            line, is_well = future.result()
            print(line, end="", flush=True)
            if given.append:
                with open(given.append, "a") as file:
                    file.write(line)
            if not is_well:
                bad.append(running[future])
    print(f"{len(running) - len(bad)} of {len(running)} runs are well, after {time.monotonic() - began:.0f} s"
          + (f"; not those of the seeds {sorted(bad)}" if bad else ""))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
