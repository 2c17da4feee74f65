"""Schemathesis against the status socket of a daemon that has some of everything. Exits with Schemathesis's own code.

Usage: proof.py PERENNIAL SCRATCH [OPTION OF st run]...    with the Python that has schemathesis
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import premises
from forwarder import forward
from premises import APP, PERSON, Premises, wait_for

HERE = Path(__file__).parent
FLEET, PAGES = 30, ("2001", "2002", "2003")
premises.WORLD = premises.WORLD.replace("[[person]]", "".join(
    f'[[page]]\nid = "{page}"\nname = "Page {page}"\n' for page in PAGES) + "[[person]]") + f"pages = {list(PAGES)}\n"


def configuration(folder):
    return f"""
[web]
listen = "unix:{folder}/web.sock"
public_url = "https://tokens.example.com"
[[alerts.post]]
name = "chat"
format = "slack"
url = {{ file = "{folder}/chat.url" }}
to = "operators"
[[delivery]]
name = "bot"
tokens = ["*"]
file = {{ path = "{folder}/{{name}}.token" }}
[[delivery]]
name = "away"
tokens = ["acme-*", "page-*"]
webhook = {{ url = "http://127.0.0.1:9/", secret = {{ file = "{folder}/hook.secret" }} }}
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
"""


class World:
    """A daemon with tokens of people and pages, an incident, deliveries of two sinks, a channel and a login."""

    def __init__(self, program, folder):
        for name, content in (("chat.url", "http://127.0.0.1:9/chat"), ("hook.secret", f"whsec_{'A' * 43}=")):
            (folder / name).write_text(content)
            (folder / name).chmod(0o600)
        self.premises = Premises(program, folder, configuration(folder), fleet=FLEET)
        self.port = forward(folder / "socket")

    def fill(self):
        pages = {"kind": "long_lived", "app": APP, "person": PERSON, "scopes": ["email", "pages_show_list"]}
        token = self.premises.sim("POST", "tokens", pages)["access_token"]
        self.done("import", "--app", "acme", "--name", "acme-ada", "--discover", stdin=token)
        lost = self.premises.new_token()
        self.done("import", "--app", "acme", "--name", "acme-lost", stdin=lost)
        wait_for("the checks", lambda: self.state("acme-lost") == "healthy" and self.count() == 5)
        self.premises.end_token(lost)
        self.premises.ask("check", "acme-lost")
        wait_for("the incident", lambda: self.asked("incidents")["incidents"])
        self.premises.replace("acme-ada", self.premises.sim("POST", "tokens", pages)["access_token"])
        wait_for("the new version", lambda: self.asked("show", "acme-ada")["version"] == 2)
        self.done("get", "acme-ada")
        self.done("in-use", "acme-ada")
        wait_for("the deliveries", lambda: self.asked("deliveries")["deliveries"])

    def known(self):
        """What exists, for hooks.py."""
        login = self.post("/v1/logins", {"app": "acme", "paste": True})
        state = parse_qs(urlsplit(login["url"]).query)["state"][0]
        address = f"https://www.facebook.com/connect/login_success.html?code=AQB-no-such-code&state={state}"
        apps = {"app": ["acme"]}
        return {"/v1/deliveries/test": {"sink": ["bot", "away"]}, "/v1/deliveries/retry": {"sink": ["bot", "away"]},
                "/v1/post-test": {"name": ["chat"]}, "/v1/tokens": apps, "/v1/logins": apps, "/v1/logins/code": apps,
                "/v1/logins/{id}/complete": {"id": [login["id"]], "address": [address]},
                "/v1/tokens/{name}/rollback": {"name": ["acme-ada"]},
                "/v1/tokens/{name}/consumers/{consumer}": {"name": ["acme-ada"], "consumer": ["root", "away"]}}

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def done(self, *arguments, stdin=""):
        answer = self.premises.ask(*arguments, stdin=stdin)
        assert answer.returncode == 0, answer
        return answer.stdout

    def asked(self, *arguments):
        return json.loads(self.done(*arguments, "--json"))

    def state(self, name):
        return self.asked("show", name)["state"]

    def count(self):
        return len(self.asked("tokens")["tokens"])


def tee(lines):
    for line in lines:
        sys.stderr.write(line)
        yield line


def figures(said):
    calls, cases, seed = (re.search(pattern, said) for pattern in (r"Tested: (\d+)", r"(\d+) generated, (.*)", r"Seed: (\d+)"))
    if not (calls and cases and seed):
        return "Schemathesis did not come to its end"
    return f"Schemathesis, {calls[1]} calls, all checks, seed {seed[1]}: {cases[1]} requests, {cases[2]}"


def main():
    program, scratch, *options = sys.argv[1:]
    world = World(program, Path(scratch))
    try:
        world.fill()
        url = f"http://127.0.0.1:{world.port}"
        command = [Path(sys.executable).parent / "st", "--config-file", HERE / "schemathesis.toml", "run",
                   f"{url}/openapi.json", *options]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "KNOWN": json.dumps(world.known()),
                       "PYTHONPATH": f"{HERE}:{os.environ['PYTHONPATH']}"}
        with subprocess.Popen(command, env=environment, cwd=scratch, text=True, stdout=subprocess.PIPE) as process:
            said = "".join(line for line in tee(process.stdout))
        print(figures(said))
        return process.returncode
    finally:
        world.premises.stop()


if __name__ == "__main__":
    sys.exit(main())
