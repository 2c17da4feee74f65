"""What Schemathesis does not know by itself: the names of what the world has, and checks of our own."""

import json
import os
from functools import cache
from itertools import count

import jsonschema_rs
import schemathesis

# By path: values that exist. Every second request that may have any value has one of these.
KNOWN = json.loads(os.environ["KNOWN"])
SECRETS = ("access_token", "code", "address")
SHORTEST_SECRET = 8
numbers = count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    body = case.body if isinstance(case.body, dict) else {}
    if case.meta.phase.name.value == "stateful":
        # Schemathesis does not know that a token that was renamed is not there any more; the other phases rename.
        if case.operation.method.upper() == "PATCH" and isinstance(body.get("name"), str):
            body["name"] = case.path_parameters["name"]
        return
    number = next(numbers)
    for name, values in KNOWN.get(case.operation.path, {}).items() if number % 2 else ():
        for place in (body, case.path_parameters or {}):
            if isinstance(place.get(name), str):
                place[name] = values[number // 2 % len(values)]


@cache
def validator(document, name):
    return jsonschema_rs.validator_for({**json.loads(document), "$ref": f"#/components/schemas/{name}"})


def is_as_described(case, value, name):
    document = json.dumps({"components": case.operation.schema.raw_schema["components"]}, sort_keys=True)
    errors = [f"{error.message} at {list(error.instance_path)}" for error in validator(document, name).iter_errors(value)]
    assert not errors, f"{value} is not as {name}: {errors}"


@schemathesis.check
def every_event_is_as_described(ctx, response, case):
    """The lines of the journal, which Schemathesis does not read."""
    if response.headers.get("content-type") != ["application/x-ndjson"]:
        return
    for line in response.content.splitlines():
        event = json.loads(line)
        is_as_described(case, event, "EventView")
        is_as_described(case, {"kind": event["kind"], "detail": event["detail"]}, "Event")


@schemathesis.check
def a_problem_has_the_status_of_its_answer(ctx, response, case):
    if response.headers.get("content-type") == ["application/problem+json"] and response.request.method != "HEAD":
        problem = json.loads(response.content)
        assert problem["status"] == response.status_code, problem
        assert problem["type"].startswith("urn:perennial:problem:") and problem["detail"], problem


@schemathesis.check
def no_answer_repeats_a_secret(ctx, response, case):
    """But the answer of the one call that reads a secret."""
    if case.operation.path.endswith("/secret") and case.operation.method.upper() == "GET":
        return
    body = case.body if isinstance(case.body, dict) else {}
    tokens = body.get("tokens") if isinstance(body.get("tokens"), list) else []
    entries = [body, *(entry for entry in tokens if isinstance(entry, dict))]
    for secret in (entry.get(name) for entry in entries for name in SECRETS):
        if isinstance(secret, str) and len(secret.strip()) >= SHORTEST_SECRET:
            assert secret.strip().encode() not in response.content, f"the answer repeats {secret!r}"
