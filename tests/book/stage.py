"""Runs the blocks of one page, in new name spaces: stage.py PROGRAM CHECKOUT SCRATCH PAGE RESULT."""

import json
import os
import sys
import traceback
from pathlib import Path

import pages
import terminal
import world


def run_block(place, shell, block):
    for command in block.marks.get("before", []):
        prepare(place)
        code, printed = shell.run(terminal.strict(command))
        assert code == 0, f"{command}\nended with {code}:\n{printed}"
    if "file" in block.marks or "append" in block.marks:
        path = Path(block.marks.get("file", block.marks.get("append"))[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if "file" in block.marks else "a") as file:
            file.write(block.text())
    elif block.language == "toml":
        place.use(block.text())
    elif block.language == "console":
        prepare(place)
        return run_commands(place, shell, block)
    return None


def prepare(place):
    if not place.configuration:
        place.use("")


def run_commands(place, shell, block):
    typed = [word for words in block.marks.get("typed", [])
             for word in place.shell(f"printf '%s\\n' {words}").split("\n")]
    meanwhile = [["bash", "-euo", "pipefail", "-c", command] for command in block.marks.get("meanwhile", [])]
    results = []
    for command, _ in block.commands():
        code, printed = shell.run(pages.as_typed(command), typed, meanwhile)
        results.append({"command": command, "code": code, "printed": pages.steady(printed)})
    assert not typed and not meanwhile, f"nothing waited for {typed + meanwhile}"
    return results


def main():
    program, checkout, scratch, page, result = map(Path, sys.argv[1:])
    found = [block for block in pages.blocks(page.read_text()) if not {"run by", "not run"} & block.marks.keys()]
    with result.open("w") as file:
        world.enter(program, checkout, scratch)
        place = world.World()
        shell = terminal.Terminal(world.environment())
        for block in found:
            try:
                outcome = {"results": run_block(place, shell, block)}
            except Exception as error:
                traceback.print_exc()
                outcome = {"error": f"{error}{world.daemon_log()}"}
                shell = terminal.Terminal(world.environment())
            file.write(json.dumps({"first": block.first, **outcome}) + "\n")
            file.flush()
    os._exit(0)


main()
