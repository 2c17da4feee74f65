"""A shell at a terminal, at which somebody types."""

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
from pathlib import Path

PATIENCE = 60
# A command that has printed nothing for so long waits for somebody; one that is to be ended gets more time to begin.
QUIET, QUIET_AT_LAST = 0.6, 2
SIZE = struct.pack("HHHH", 40, 100, 0, 0)
LOOKS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COMMAND = Path("/run/book/command")
# Folder, variables and jobs stay from command to command, as in any shell. With a command that ^C ends, it ends
# too; the next one starts anew.
SHELL = f"""
set -m
while read -r -u 200; do
    . {COMMAND}
    echo $? >&201
done
"""


class Terminal:
    def __init__(self, environment):
        self.environment = environment
        self.start()

    def start(self):
        orders, self.orders = os.pipe()
        self.codes, codes = os.pipe()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.dup2(orders, 200)
            os.dup2(codes, 201)
            # What was started in the background ignores ^C, and so would all that is started here.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvpe("bash", ["bash", "-c", SHELL], self.environment)
        os.close(orders)
        os.close(codes)
        ioctl(self.terminal, termios.TIOCSWINSZ, SIZE)

    def run(self, command, typed=(), meanwhile=()):
        """Its exit code and what a person would see. `typed` and `meanwhile` lose what was used."""
        COMMAND.write_text(command + "\n")
        os.write(self.orders, b"\n")
        seen, since, end = b"", time.monotonic(), time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ready = select.select([self.terminal, self.codes], [], [], 0.05)[0]
            said = self.read() if self.terminal in ready else b""
            if said:
                seen += said
                since = time.monotonic()
            elif self.codes in ready:
                code = os.read(self.codes, 100)
                return (int(code) if code else self.end()), text(seen)
            elif time.monotonic() - since > QUIET and seen.strip():
                if self.act(text(seen), typed, meanwhile, time.monotonic() - since):
                    since = time.monotonic()
        os.kill(self.process, signal.SIGKILL)
        raise TimeoutError(f"it did not end within {PATIENCE} s, and printed:\n{text(seen)}")

    def read(self):
        try:
            return os.read(self.terminal, 65536)
        except OSError:
            return b""

    def end(self):
        """The exit code of the shell, as another shell would show it."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.start()
        return code if code >= 0 else 128 - code

    def act(self, seen, typed, meanwhile, quiet):
        """At a question, somebody types. Otherwise it is not the terminal that the command waits for."""
        asks = not seen.endswith("\n")
        if typed and asks and typed[0] != "^C":
            os.write(self.terminal, typed.pop(0).encode() + b"\r")
        elif meanwhile:
            done = subprocess.run(meanwhile.pop(0), input=seen, text=True, capture_output=True)
            assert done.returncode == 0, f"meanwhile: {done.stdout}{done.stderr}"
        elif typed and typed[0] == "^C" and quiet > QUIET_AT_LAST:
            typed.pop(0)
            os.write(self.terminal, b"\x03")
        else:
            return False
        return True


def strict(command):
    """A command that fails if any part of it does. With -e alone, the first of `a && b` may fail."""
    return f"set -eo pipefail\n{command}\nended=$?\nset +eo pipefail\n(exit $ended)"


def text(seen):
    said = LOOKS.sub("", seen.decode(errors="replace")).replace("\r\n", "\n")
    # What was overwritten in a line is not seen.
    return "\n".join(re.sub(r"^.*\r(?=.)", "", line).rstrip("\r") for line in said.split("\n"))
