"""The libraries that the program is made of, as Cargo knows them: for the licences and for the list of parts."""

import json
import re
import subprocess
import sys


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def host():
    return re.search(r"^host: (.+)$", output("rustc", "-vV"), re.MULTILINE).group(1)


def metadata():
    """All packages and how they depend on each other on this platform."""
    return json.loads(output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host()))


def listed(edges):
    """The names and versions that the program needs, along these edges."""
    shape = ["--edges", edges, "--prefix", "none", "--format", "{p}"]
    lines = output("cargo", "tree", "--locked", *shape).splitlines()
    return {tuple(line.split(" ")[:2]) for line in lines if line}


def chosen(packages, names):
    found = [
        package for package in packages if package["source"] and (package["name"], "v" + package["version"]) in names
    ]
    if not found:
        sys.exit("found no library: the output format of cargo tree may have changed")
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def libraries(packages):
    """Those of the packages that the program is made of, with the macros that wrote parts of it; without build scripts
    and tests."""
    return chosen(packages, listed("normal"))


def linked(packages):
    """Those that are in the program themselves: without macros."""
    return chosen(packages, listed("normal,no-proc-macro"))
