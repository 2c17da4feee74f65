"""What a page says about its commands, and how what they print is compared with what stands below them.

A block fenced as `console` is run: a line that begins with `$ ` is a command, and the lines below it are what it prints.
A command goes on in the next line after a `\\`, and as long as the shell wants more, with or without the `> ` that the
shell prints. Comments before the fence, one a line:

    <!-- before: COMMAND -->        runs first, and is not shown (see world.py for what helps there)
    <!-- typed: WORDS -->           is typed at the terminal when the commands wait, a word of the shell for each time;
                                    ^C ends a command that goes on for ever
    <!-- meanwhile: COMMAND -->     is run when a command waits, with what was printed so far as standard input
    <!-- exits: CODES -->           the last commands end with these codes and not with 0
    <!-- run by FILE -->            is not run here: each of its commands is in FILE, which CI runs, or FILE types it
    <!-- not run: REASON -->        before a block of `sh` (or a file): nothing can run it
    <!-- file: PATH -->             before another block: it is written to this file
    <!-- append: PATH -->           the same, behind what is in the file

A block of `toml` without one of these is a piece of perennial.toml, and is put into use. `…` alone in a line stands for any
lines, and is kept by --paste. What differs from run to run is replaced by a stand-in before it is compared or pasted.
"""

import re
import subprocess

MARK = re.compile(r"^\s*<!-- (before|typed|meanwhile|exits|file|append|not run): (.*) -->$|^\s*<!-- (run by) ([^:]*) -->$")
FENCE = re.compile(r"^(\s*)(`{3,})(\w*)\s*$")
CUT = "…"

# Random by design. Everything else is the same in each run: the clock stands still, and the simulated Meta draws its
# ids and tokens from a seed.
STAND_INS = [
    (r"\b(EAA|IGAA|THAA)([\w]{6})\w{20,}", r"\1\2…"),
    (r"(https?://[\w.:]+/(?:login|calendar|data-deletion)/)(?!callback)[\w-]{16,}", r"\g<1>4tRkQ…"),
    (r"(state=)[\w-]{16,}", r"\g<1>4tRkQ…"),
    (r"http://127\.0\.0\.1:\d{5}/[\w-]{20,}/open/[\w-]{20,}", "http://127.0.0.1:41873/yPZ…/open/4tR…"),
    (r"<[\w.-]{20,}@example\.com>", "<4tRkQ…@example.com>"),
    (r"(fingerprint[\": ]+)[0-9a-f]{8}\b", r"\g<1>9f2c41d7"),
    (r'("event": ?)"\d+"', r'\1"41"'),
    (r"\(\d+ KiB\)", "(444 KiB)"),
    (r"\b\d+ MiB free\b", "11974 MiB free"),
    (r"\b(in|after) \d+ ms\b", r"\1 12 ms"),
]

# What the shell says of jobs in the background, whenever it finds the time.
JOB = re.compile(r"\[\d+\][ +-] +(Done|Exit|Terminated) ")


class Block:
    """A fenced block: its lines without the indentation, and the marks before it."""

    def __init__(self, first, indent, language):
        self.first, self.indent, self.language = first, indent, language
        self.lines, self.marks, self.last = [], {}, first

    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def commands(self):
        """Each command with the lines that stand below it."""
        found = []
        for line in self.lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and not found[-1][1] and wants_more(found[-1][0]):
                found[-1] = (found[-1][0] + "\n" + line, [])
            elif found:
                found[-1][1].append(line)
            else:
                raise ValueError(f"line {self.first + 1} is no command")
        return found


def as_typed(command):
    return "\n".join(line.removeprefix("> ") for line in command.split("\n"))


def wants_more(command):
    command = as_typed(command)
    if command.endswith("\\"):
        return True
    asked = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    return "end of file" in asked.stderr or "end-of-file" in asked.stderr or "looking for matching" in asked.stderr


def blocks(text):
    found, marks, is_open = [], {}, None
    for number, line in enumerate(text.split("\n")):
        fence = FENCE.match(line)
        mark = MARK.match(line)
        if is_open and line.strip() == is_open:
            found[-1].last, is_open = number, None
        elif is_open:
            found[-1].lines.append(line.removeprefix(found[-1].indent))
        elif fence:
            found.append(Block(number, fence[1], fence[3]))
            found[-1].marks, marks, is_open = marks, {}, fence[2]
        elif mark:
            marks.setdefault(mark[1] or mark[3], []).append(mark[2] or mark[4])
        elif line.strip():
            marks = {}
    return found


def steady(printed):
    for pattern, stand_in in STAND_INS:
        printed = re.sub(pattern, stand_in, printed)
    lines = [line.rstrip() for line in printed.replace("\r\n", "\n").split("\n") if not JOB.match(line)]
    return lines[:-1] if lines[-1] == "" else lines


def matches(expected, printed):
    """Whether these are the same lines; a cut stands for one or more."""
    if CUT not in [line.strip() for line in expected]:
        return expected == printed
    pattern = "".join(r"(?:.*\n)+?" if line.strip() == CUT else re.escape(line) + "\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def pasted(expected, printed):
    """What shall stand in the page: as many lines before the first cut and after the last one as there were."""
    cuts = [number for number, line in enumerate(expected) if line.strip() == CUT]
    if not cuts or matches(expected, printed):
        return expected if cuts else printed
    before, after = cuts[0], len(expected) - 1 - cuts[-1]
    if before + after >= len(printed):
        return printed
    return printed[:before] + [CUT] + printed[len(printed) - after:]


def with_blocks(text, new):
    """The text with other lines in some of its blocks, by the number of their first line."""
    lines = text.split("\n")
    for block in reversed(blocks(text)):
        if block.first in new:
            shown = [(block.indent + line).rstrip() for line in new[block.first]]
            lines[block.first + 1:block.last] = shown
    return "\n".join(lines)
