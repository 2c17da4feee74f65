"""The list of parts follows CycloneDX's schema, and lists what Cargo put into the program: sbom.py FILE PROGRAM."""

import hashlib
import json
import subprocess
import sys
import zlib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

# Parts of parts that are written in C, which Cargo does not know.
NOT_OF_CARGO = {"sqlite"}


def built_in(program):
    """The libraries of the program's own record, which cargo-auditable made when it linked them."""
    section = subprocess.run(
        ["objcopy", "--dump-section", ".dep-v0=/dev/stdout", program, "/dev/null"], check=True, capture_output=True
    ).stdout
    packages = json.loads(zlib.decompress(section))["packages"]
    return {
        (package["name"], package["version"])
        for package in packages
        if not package.get("root") and package.get("kind", "runtime") == "runtime"
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    invalid = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    assert invalid is None, invalid
    bill = json.loads(text)
    with open(sys.argv[2], "rb") as program:
        digest = hashlib.sha256(program.read()).hexdigest()
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}], "of another program"
    listed = {(part["name"], part["version"]): part["scope"] for part in bill["components"]}
    recorded = built_in(sys.argv[2])
    missing = recorded - set(listed)
    assert not missing, f"in the program, but not listed: {missing}"
    linked = {part for part, scope in listed.items() if scope == "required" and part[0] not in NOT_OF_CARGO}
    assert linked <= recorded, f"listed, but not in the program: {linked - recorded}"
    references = {part["bom-ref"] for part in bill["components"]} | {"perennial"}
    assert references == {node["ref"] for node in bill["dependencies"]}
    assert all(set(node["dependsOn"]) <= references for node in bill["dependencies"])
    reached, todo = set(), ["perennial"]
    graph = {node["ref"]: node["dependsOn"] for node in bill["dependencies"]}
    while todo:
        reference = todo.pop()
        if reference not in reached:
            reached.add(reference)
            todo += graph[reference]
    assert reached == references, f"nothing needs {references - reached}"
    print(f"{len(listed)} parts, {len(linked)} of them linked")


main()
