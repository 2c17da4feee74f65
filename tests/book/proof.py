"""Runs the pages, two at a time, and compares or pastes: proof.py PROGRAM [--paste] [PAGE...]. A line for each page."""

import difflib
import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pages

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
PATIENCE = 300


def all_pages():
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def outcomes(program, page):
    """What the blocks of a page did, by the number of their first line."""
    with tempfile.TemporaryDirectory(prefix="perennial-book-") as folder:
        scratch, result = Path(folder) / "scratch", Path(folder) / "result"
        scratch.mkdir()
        stage = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child", sys.executable,
                 HERE / "stage.py", program, CHECKOUT, scratch, page, result]
        try:
            ran = subprocess.run(stage, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
            said = ran.stdout + ran.stderr
        except subprocess.TimeoutExpired:
            said = f"the page did not end within {PATIENCE} s"
        lines = result.read_text().splitlines() if result.exists() else []
        done = {outcome["first"]: outcome for outcome in map(json.loads, lines)}
        return done, said


def problems(block, outcome):
    if outcome is None:
        return ["this was not run"]
    if "error" in outcome:
        return [outcome["error"]]
    found = []
    results = outcome["results"] or []
    codes = [int(code) for code in " ".join(block.marks.get("exits", [])).split()]
    for code, result in zip([0] * (len(results) - len(codes)) + codes, results):
        if result["code"] != code:
            shown = "\n".join(result["printed"])
            found.append(f"$ {result['command']}\nended with {result['code']} and not with {code}:\n{shown}")
    return found


def differences(block, outcome):
    found = []
    for (command, expected), result in zip(block.commands(), outcome["results"]):
        if not pages.matches(expected, result["printed"]):
            lines = difflib.unified_diff(expected, result["printed"], "the page", "what was printed", lineterm="", n=1)
            found.append("\n".join([f"$ {command}", *lines]))
    return found


def new_lines(block, outcome):
    lines = []
    for (command, expected), result in zip(block.commands(), outcome["results"]):
        first, *more = command.split("\n")
        lines += [f"$ {first}", *more, *pages.pasted(expected, result["printed"])]
    return lines


def examine(program, page, paste):
    """What is wrong with a page."""
    start = time.monotonic()
    text = page.read_text()
    found = pages.blocks(text)
    consoles = [block for block in found if block.language == "console" and "run by" not in block.marks]
    wrong, new = [], {}
    for block in found:
        for by in block.marks.get("run by", []):
            wrong += [(block, f"{by} does not type: {line}") for line in untyped(block, by)]
    runs = [block for block in found if block.language in ("console", "toml") and not {"run by", "not run"} & block.marks.keys()]
    if runs:
        done, said = outcomes(program, page)
        for block in runs:
            outcome = done.get(block.first)
            failed = problems(block, outcome)
            wrong += [(block, words) for words in failed]
            if failed and not outcome:
                wrong.append((block, said))
                break
            if failed or block.language != "console":
                continue
            if paste:
                new[block.first] = new_lines(block, outcome)
            else:
                wrong += [(block, words) for words in differences(block, outcome)]
    if paste and new:
        page.write_text(pages.with_blocks(text, new))
    commands = sum(len(block.commands()) for block in consoles)
    return wrong, commands, time.monotonic() - start


def untyped(block, by):
    """The commands that are not in the file which is said to run them; tests/system types whole pages."""
    script = CHECKOUT / by
    texts = "".join(file.read_text() for file in (sorted(script.glob("*.sh")) if script.is_dir() else [script]))
    for name in re.findall(r"(?:types_the_page|commands_of) (\S+\.md)", texts):
        typed = [block for block in pages.blocks((CHECKOUT / name).read_text()) if by in block.marks.get("run by", [])]
        texts += "".join(block.text() for block in typed)
    return [command for command, _ in block.commands() if command not in texts]


def main():
    program, *words = sys.argv[1:]
    paste = "--paste" in words
    chosen = [Path(word).resolve() for word in words if word != "--paste"] or all_pages()
    bad = total = 0
    with ThreadPoolExecutor(2) as pool:
        for page, (wrong, commands, took) in zip(chosen, pool.map(lambda page: examine(program, page, paste), chosen)):
            name = page.relative_to(CHECKOUT)
            for block, words in wrong:
                print(f"{name}:{block.first + 1}: {words}\n")
            bad, total = bad + bool(wrong), total + commands
            print(f"{'FAILED' if wrong else 'ok    '}  {str(name):<40} {commands:3} commands {took:4.0f} s", flush=True)
    print(f"{total} commands on {len(chosen)} pages; {bad} pages are wrong")
    sys.exit(bad > 0)


main()
