"""A terminal at which somebody types."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl

PATIENCE = 60
# A command that has printed nothing for so long, and whose last line is a question or that goes on, waits for somebody.
QUIET = 0.6
SIZE = struct.pack("HHHH", 40, 100, 0, 0)
LOOKS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def run(command, environment, typed, meanwhile):
    """Its exit code and what a person would see. `typed` and `meanwhile` lose what was used."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], command, environment)
    ioctl(terminal, termios.TIOCSWINSZ, SIZE)
    seen, since, end = b"", time.monotonic(), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                return exit_code(process), text(seen)
            since = time.monotonic()
        elif time.monotonic() - since > QUIET and seen.strip():
            act(terminal, text(seen), typed, meanwhile)
            since = time.monotonic()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise TimeoutError(f"it did not end within {PATIENCE} s, and printed:\n{text(seen)}")


def exit_code(process):
    """As a shell shows it."""
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return code if code >= 0 else 128 - code


def act(terminal, seen, typed, meanwhile):
    """At a question, somebody types. Otherwise it is not the terminal that the command waits for."""
    if meanwhile and (seen.endswith("\n") or not typed):
        done = subprocess.run(meanwhile.pop(0), input=seen, text=True, capture_output=True)
        assert done.returncode == 0, f"meanwhile: {done.stdout}{done.stderr}"
    elif typed:
        answer = typed.pop(0)
        os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\r")


def text(seen):
    said = LOOKS.sub("", seen.decode(errors="replace")).replace("\r\n", "\n")
    # What was overwritten in a line is not seen.
    return "\n".join(re.sub(r"^.*\r(?=.)", "", line).rstrip("\r") for line in said.split("\n"))
