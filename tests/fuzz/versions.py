"""Whether the targets are built of the same versions as the program: Cargo.lock here and that of the project."""

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def versions(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package in tomllib.loads(lock)["package"]:
        found.setdefault(package["name"], set()).add(package["version"])
    return found


def other_versions(own: dict[str, set[str]], project: dict[str, set[str]]) -> list[str]:
    """What both have, and this one in a version that the project does not. The rest is for fuzzing alone."""
    shared = sorted(own.keys() & project.keys())
    return [f"{name} {version}" for name in shared for version in sorted(own[name] - project[name])]


def main() -> None:
    own, project = HERE / "Cargo.lock", HERE.parents[1] / "Cargo.lock"
    mend = "copy Cargo.lock to tests/fuzz, run cargo metadata --manifest-path tests/fuzz/Cargo.toml, and commit the result"
    other = other_versions(versions(own.read_text()), versions(project.read_text()))
    if other:
        sys.exit(f"tests/fuzz/Cargo.lock has other versions than the project: {', '.join(other)}. To mend it, {mend}")
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", str(HERE / "Cargo.toml")]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"tests/fuzz/Cargo.lock does not fit the manifests. To mend it, {mend}")


if __name__ == "__main__":
    main()
