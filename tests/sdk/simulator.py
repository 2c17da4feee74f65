"""Drives the simulated Graph, plays the person at the login dialog, and tells what came of each call."""

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import sys
import types
import urllib.request

GRAPH = os.environ["GRAPH_SIM"]
EASY, EASY_SECRET = "1000", "easy-secret"
STRICT, STRICT_SECRET = "1001", "strict-secret"
PERSON, PERSON_NAME = "3000", "Ada Maria Example"
BUSINESS, CLIENT_PAGE = "4000", "2008"
PAGES = [str(page) for page in range(2001, 2008)]
SCOPES = ["email", "pages_show_list", "pages_manage_metadata", "business_management"]
# Nothing listens there: the browser stops at the redirect.
CALLBACK = "https://app.example/callback"

client = pathlib.Path(sys.argv[0]).stem


@contextlib.contextmanager
def call(name):
    """One line for one call: accepted, or why not."""
    try:
        yield
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"not ok {client} {name}: {reason[:300]}", flush=True)
    else:
        print(f"ok {client} {name}", flush=True)


@contextlib.contextmanager
def refusal(kind):
    """Holds the exception that the client raised, once it has."""
    caught = types.SimpleNamespace(error=None)
    try:
        yield caught
    except kind as error:
        caught.error = error
    assert caught.error, f"{kind.__name__} was not raised"


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def sim(method, path, order=None):
    """Gives the simulator an order through its control interface."""
    request = urllib.request.Request(f"{GRAPH}/sim/{path}", method=method)
    request.add_header("Content-Type", "application/json")
    data = None if order is None else json.dumps(order).encode()
    with urllib.request.urlopen(request, data) as answer:
        return json.load(answer)


def token(kind, **order):
    return sim("POST", "tokens", {"kind": kind, **order})["access_token"]


def long_lived(app):
    return token("long_lived", app=app, person=PERSON, scopes=SCOPES)


def short_lived(app):
    return token("short_lived", app=app, person=PERSON, scopes=SCOPES)


def page_token(user_token, page):
    return token("page", user_token=user_token, page=page)


def advance(time):
    sim("POST", "clock", {"advance": time})


def throttle(app):
    sim("POST", "throttles", {"app": app, "limit": "app", "until": "2099-01-01T00:00:00Z"})


def ledger(endpoint):
    return sim("GET", f"ledger?endpoint={endpoint}")


def proof(access_token, secret):
    return hmac.new(secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()
