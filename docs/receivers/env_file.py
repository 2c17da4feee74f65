"""Writes tokens into a .env file, as NAME_TOKEN="...", and restarts the service that reads it. The file must exist.

ENV_FILE           its path; other lines, the mode and the owner stay as they are
RESTART_COMMAND    such as systemctl restart chatbot
"""
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from receiver import fetch, serve


def store(name, version):
    token = fetch(name, version)
    if not re.fullmatch(r"[A-Za-z0-9|._-]+", token):
        raise ValueError(f"the token {name} contains characters that a shell may interpret")
    variable = re.sub("[^A-Z0-9]", "_", name.upper()) + "_TOKEN"
    path = Path(os.environ["ENV_FILE"]).resolve()
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{variable}=")]
    replace(path, "\n".join([*lines, f'{variable}="{token}"', ""]))
    subprocess.run(shlex.split(os.environ["RESTART_COMMAND"]), check=True, timeout=10)


def replace(path, text):
    """In one step, so that nobody reads half a file. Until then only its owner may read the new one."""
    before = path.stat()
    file = tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False)
    try:
        with file:
            file.write(text)
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
    except BaseException:
        os.unlink(file.name)
        raise


if __name__ == "__main__":
    serve(store)
