"""Runs the blocks of one page, in new name spaces: stage.py PROGRAM CHECKOUT SCRATCH PAGE RESULT."""

import json
import os
import sys
import traceback
from pathlib import Path

import pages
import terminal
import world

# Folder and variables stay as the command before left them, as in a shell that is typed at.
WRAPPED = """
[ ! -e /run/book/variables ] || . /run/book/variables
[ ! -e /run/book/folder ] || cd "$(cat /run/book/folder)"
set -a
. /run/book/command
code=$?
pwd >/run/book/folder
declare -px >/run/book/variables
exit $code
"""


def run_block(place, block):
    for command in block.marks.get("before", []):
        prepare(place)
        Path("/run/book/command").write_text(f"set -eo pipefail\n{command}\n")
        place.shell(WRAPPED)
    if "file" in block.marks:
        path = Path(block.marks["file"][0])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text())
    elif block.language == "toml":
        place.use(block.text())
    elif block.language == "console":
        prepare(place)
        return run_commands(place, block)
    return None


def prepare(place):
    if not place.configuration:
        place.use("")


def run_commands(place, block):
    typed = [word for words in block.marks.get("typed", [])
             for word in place.shell(f"printf '%s\\n' {words}").split("\n")]
    meanwhile = [["bash", "-euo", "pipefail", "-c", command] for command in block.marks.get("meanwhile", [])]
    results = []
    for command, _ in block.commands():
        Path("/run/book/command").write_text(command + "\n")
        code, printed = terminal.run(["bash", "-c", WRAPPED], world.environment(), typed, meanwhile)
        results.append({"command": command, "code": code, "printed": pages.steady(printed)})
    assert not typed and not meanwhile, f"nothing waited for {typed + meanwhile}"
    return results


def main():
    program, checkout, scratch, page, result = map(Path, sys.argv[1:])
    found = [block for block in pages.blocks(page.read_text()) if not {"run by", "not run"} & block.marks.keys()]
    with result.open("w") as file:
        world.enter(program, checkout, scratch)
        place = world.World()
        for block in found:
            try:
                outcome = {"results": run_block(place, block)}
            except Exception as error:
                traceback.print_exc()
                outcome = {"error": f"{error}{world.daemon_log()}"}
            file.write(json.dumps({"first": block.first, **outcome}) + "\n")
            file.flush()
    os._exit(0)


main()
