"""Where mutants are made, and what is built to test them. The modules of the crate only use those below them, so a copy
without the others builds in a fraction of the time."""

import fnmatch
import re
from dataclasses import dataclass

GROUND = ("files", "http_client", "look", "secret")
LOWER = (*GROUND, "model", "calendar", "graph_api")
STORED = (*LOWER, "inventory")
# In the order of src/lib.rs, up to the daemon.
ALL = (*STORED, "outbox", "email", "alerts", "delivery", "login", "posts", "rotation", "webhooks", "forecast", "http", "api",
       "web", "api_client", "ui", "config", "monitor", "doctor", "daemon")


@dataclass(frozen=True)
class Group:
    name: str
    # What is mutated, what is built, and the beginnings of the names of the tests that run.
    files: tuple
    modules: tuple
    tests: tuple


GROUPS = (
    Group("secret", ("src/secret/*.rs",), GROUND, ("secret::",)),
    Group("graph", ("src/graph_api/classify.rs", "src/graph_api/signature.rs", "src/graph_api/proof.rs",
                    "src/model/duty.rs"), LOWER, ("graph_api::", "model::")),
    Group("outbox", ("src/outbox/standard_webhooks.rs",), (*LOWER, "outbox"), ("outbox::",)),
    Group("webhooks", ("src/webhooks/*.rs",), (*STORED, "webhooks"), ("webhooks::",)),
    Group("duties", ("src/inventory/duties/*.rs",), STORED, ("inventory::duties::", "inventory::engine::")),
    Group("login", ("src/login/policy.rs",), (*STORED, "login"), ("login::",)),
    Group("posts", ("src/posts/policy.rs",), (*STORED, "outbox", "posts"), ("posts::",)),
    Group("delivery", ("src/delivery/policy/*.rs",), (*STORED, "outbox", "delivery"), ("delivery::",)),
    Group("rotation", ("src/rotation/policy/*.rs",), (*STORED, "rotation"), ("rotation::",)),
    Group("alerts", ("src/alerts/policy.rs", "src/alerts/policy/*.rs"), (*STORED, "outbox", "email", "alerts"),
          ("alerts::",)),
    Group("daemon", ("src/daemon/duties.rs", "src/monitor/policy.rs"), ALL, ("daemon::", "monitor::")),
)

# Tests and what only they use. No test tests them.
TESTS = ("*/tests.rs", "*_tests.rs", "*/fixtures.rs", "*/caught_log.rs")

# Mutants that no test can notice, by the beginning of their names, each with the reason.
EQUAL = {
    "src/rotation/policy/plan.rs: replace > with >= in plan": "with as many due as allowed, all are taken either way",
}


def files_of(group, tracked):
    """Of the files of the repository, those in which this group makes mutants."""
    return [file for file in tracked if any(fnmatch.fnmatch(file, pattern) and file.count("/") == pattern.count("/")
                                            for pattern in group.files)
            and not any(fnmatch.fnmatch(file, pattern) for pattern in TESTS)]


def cut_library(text, modules):
    """src/lib.rs with these modules alone."""
    return re.sub(r"^pub mod (\w+);\n", lambda line: line[0] if line[1] in modules else "", text, flags=re.MULTILINE)


def cut_tests(text, file, tests):
    """A source file without its tests, if none of them run: compiling them takes longer than all else."""
    module = re.sub(r"/mod$", "", file.removeprefix("src/").removesuffix(".rs")).replace("/", "::")
    is_tested = any(f"{module}::".startswith(beginning) or beginning.startswith(f"{module}::") for beginning in tests)
    return text if is_tested else re.sub(r"#\[cfg\(test\)\](\s+mod \w*tests\b)", r"#[cfg(any())]\1", text)


def cut_manifest(text):
    """Cargo.toml without the programs, tests, examples and benchmarks, which are not copied."""
    return re.sub(r"^\[\[(bin|test|example|bench)\]\]\n(?:[^\[\n].*\n)*", "", text, flags=re.MULTILINE)


def is_equal(name):
    """A name is `src/file.rs:LINE:COLUMN: what is changed`; lines move, so they do not count."""
    return without_place(name) in EQUAL


def without_place(name):
    return re.sub(r"^([^:]+):\d+:\d+: ", r"\1: ", name)
