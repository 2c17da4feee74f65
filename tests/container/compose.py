"""What a compose file says, as arguments for podman: no Docker is needed to try it.

compose.py FILE volumes             "NAME" and its options, a line for each volume
compose.py FILE run SERVICE         the arguments of `podman run`, a line each
compose.py FILE depends SERVICE     the services that must be healthy before it
"""

import os
import re
import shlex
import sys

import yaml

# Where podman shares the host's network and has no control groups, these have no meaning.
WITHOUT_EFFECT = {"ports", "pids_limit", "mem_limit"}
# How containers are started and stopped is the test's own business.
OF_THE_TEST = {"image", "command", "depends_on", "restart", "stop_grace_period"}


def substituted(text):
    """${NAME:-default} and ${NAME:?what it should be}."""

    def value(match):
        name, kind, rest = match.groups()
        found = os.environ.get(name) or (rest if kind == "-" else "")
        return found or sys.exit(f"set {name}: {rest}")

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, text)


def options(service, folder, volumes):
    for key, values in service.items():
        if key in WITHOUT_EFFECT or key in OF_THE_TEST:
            continue
        if key == "read_only":
            yield f"--read-only={str(values).lower()}"
        elif key in ("user", "hostname"):
            yield f"--{key}={values}"
        elif key == "environment":
            yield from (f"--env={name}={value}" for name, value in values.items())
        elif key == "volumes":
            yield from (f"--volume={volume(written, folder, volumes)}" for written in values)
        elif key in ("cap_drop", "cap_add", "security_opt", "tmpfs", "group_add"):
            name = key.replace("_", "-")
            yield from (f"--{name}={value.replace(':true', '')}" for value in values)
        else:
            sys.exit(f"this test does not know {key}: teach it, or leave it out")


def volume(written, folder, volumes):
    source, rest = written.split(":", 1)
    if source in volumes:
        return f"{volumes[source]}:{rest}"
    return f"{os.path.normpath(os.path.join(folder, source))}:{rest}"


def words(command):
    return shlex.split(command) if isinstance(command, str) else command


def main():
    path, asked = sys.argv[1], sys.argv[2]
    with open(path, encoding="utf-8") as file:
        compose = yaml.safe_load(substituted(file.read()))
    unknown = set(compose) - {"name", "services", "volumes"}
    assert not unknown, unknown
    volumes = {name: f"{compose['name']}_{name}" for name in compose["volumes"]}
    if asked == "volumes":
        for name, about in compose["volumes"].items():
            driver = (about or {}).get("driver_opts", {})
            print(volumes[name], *(f"--opt={option}={value}" for option, value in driver.items()))
        return
    service = compose["services"][sys.argv[3]]
    if asked == "depends":
        print(*service.get("depends_on", {}))
        return
    print(*options(service, os.path.dirname(os.path.realpath(path)), volumes), sep="\n")
    print(service["image"], *words(service.get("command", [])), sep="\n")


main()
