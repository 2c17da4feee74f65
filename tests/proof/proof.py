"""What the page about tests is made of: the long checks, their last results, and the bugs that tests have found."""

import csv
import re
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/proof"
RESULTS = HERE / "results.tsv"
PAGE = ROOT / "docs/src/testing.md"


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    what: str
    command: str


@dataclass(frozen=True)
class Result:
    """How a check ended: of a file whose last line for a check is the one that counts."""

    name: str
    date: str
    commit: str
    processor: str
    minutes: str
    outcome: str
    words: str


@dataclass(frozen=True)
class Bug:
    wrong: str
    found_by: str
    shown_by: list[str]


def read_toml(name: str) -> dict:
    with open(HERE / name, "rb") as file:
        return tomllib.load(file)


def checks() -> list[Check]:
    return [Check(**check) for check in read_toml("checks.toml")["check"]]


def bugs() -> list[Bug]:
    return [Bug(**bug) for bug in read_toml("bugs.toml")["bug"]]


def last_results() -> dict[str, Result]:
    if not RESULTS.exists():
        return {}
    with open(RESULTS, newline="", encoding="utf-8") as file:
        return {row[0]: Result(*row) for row in csv.reader(file, delimiter="\t")}


def keep(result: Result) -> None:
    """In place of the check's earlier one: history is what git is for."""
    kept = last_results() | {result.name: result}
    order = [check.name for check in checks() if check.name in kept]
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerows(vars(kept[name]).values() for name in order)


@cache
def sources() -> dict[str, str]:
    """Each Rust file of the project with its text."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.rs"], cwd=ROOT, check=True, capture_output=True, text=True)
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in listed.stdout.split("\0") if name}


def is_there(shown_by: str) -> bool:
    if "/" in shown_by:
        return (ROOT / shown_by).exists()
    return any(re.search(rf"\bfn {shown_by}\b", text) for text in sources().values())


def number_of_tests(folder: str) -> int:
    of_folder = (text for name, text in sources().items() if name.startswith(folder))
    return sum(len(re.findall(r"^\s*#\[(?:tokio::)?test\b", text, re.MULTILINE)) for text in of_folder)


def rules() -> list[tuple[str, str]]:
    """The name and the sentence of each rule that a simulated year is held against."""
    text = (ROOT / "tests/scenarios/year/rules.rs").read_text(encoding="utf-8")
    found = re.findall(r'\(\s*Rule::\w+,\s*"([^"]+)",\s*"([^"]+)",\s*\)', text)
    return [(name, re.sub(r"\\\n\s*", "", words)) for name, words in found]
