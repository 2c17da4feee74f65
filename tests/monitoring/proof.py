"""A daemon at work, watched by Prometheus: each case prints a line, and the first that fails ends it with 1.

Usage: proof.py PERENNIAL SHIPPED SCRATCH
"""

import contextlib
import json
import random
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from premises import Premises, wait_for

HOST = "127.0.0.1"
TOKENS = 20


def free_port():
    """Below those that the system hands out, so that nobody else gets it before it is used."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def fetch(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def answers(url):
    try:
        return fetch(url)[0]
    except OSError:
        return None


class Watcher(BaseHTTPRequestHandler):
    """What [heartbeat] calls."""

    calls = 0

    def do_GET(self):
        Watcher.calls += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class World:
    """The premises, and a Prometheus that asks the daemon every second."""

    def __init__(self, program, shipped, scratch):
        self.program, self.shipped, self.scratch = program, shipped, scratch
        self.metrics, self.prometheus = (f"http://{HOST}:{free_port()}" for _ in range(2))
        self.textfile = scratch / "perennial.prom"
        self.premises = None
        watcher = ThreadingHTTPServer((HOST, 0), Watcher)
        (scratch / "heartbeat.url").write_text(f"http://{HOST}:{watcher.server_port}/ping")
        (scratch / "heartbeat.url").chmod(0o600)
        Thread(target=watcher.serve_forever, daemon=True).start()

    def stop(self):
        if self.premises:
            self.premises.stop()

    def start_daemon(self):
        self.premises = Premises(self.program, self.scratch, fleet=TOKENS, more=f"""
[schedule]
sweep = "* * * * * *"
mail = "* * * * * *"
backup = "*/10 * * * * *"
[metrics]
listen = "{self.metrics.removeprefix("http://")}"
textfile = "{self.textfile}"
[heartbeat]
url = {{ file = "{self.scratch}/heartbeat.url" }}
""")
        wait_for("the metrics", lambda: answers(self.metrics + "/metrics"))
        imported = self.premises.ask("import", "-", stdin=answers(self.premises.url + "/sim/fleet"))
        assert imported.returncode == 0, imported
        done = f'perennial_checks_total{{app="acme"}} {TOKENS}\n'
        wait_for("the first sweep", lambda: done in answers(self.metrics + "/metrics"))

    def start_prometheus(self):
        (self.scratch / "prometheus.yml").write_text(f"""
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files:
  - {self.shipped}/alerts.yml
scrape_configs:
  - job_name: perennial
    static_configs:
      - targets: ["{self.metrics.removeprefix("http://")}"]
""")
        self.premises.run("prometheus", "prometheus", f"--config.file={self.scratch}/prometheus.yml",
                          f"--storage.tsdb.path={self.scratch}/tsdb",
                          f"--web.listen-address={self.prometheus.removeprefix('http://')}")
        wait_for("Prometheus", lambda: answers(self.prometheus + "/-/ready"))

    def prometheus_says(self, path):
        answer = json.loads(fetch(self.prometheus + "/api/v1/" + path)[0])
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        found = self.prometheus_says("query?" + urllib.parse.urlencode({"query": expression}))
        return found["result"]


def passes_the_linter(world):
    """The classic format, from the address and from the file."""
    wait_for("the file", world.textfile.exists)
    asked, kind = fetch(world.metrics + "/metrics", "text/plain")
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    for text in (asked, world.textfile.read_text()):
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert lint.returncode == 0 and not lint.stdout + lint.stderr, lint.stdout + lint.stderr
    assert world.textfile.stat().st_mode & 0o777 == 0o644


def is_scraped_as_openmetrics(world):
    def target():
        found = world.prometheus_says("targets")["activeTargets"]
        return found[0] if found and found[0]["health"] != "unknown" else None

    found = wait_for("a scrape", target)
    assert found["health"] == "up" and not found["lastError"], found
    _, kind = fetch(world.metrics + "/metrics")
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind
    states = {(found["metric"]["kind"], found["metric"]["state"]): found["value"][1]
              for found in world.query('perennial_tokens{app="acme"}')}
    assert sum(int(count) for count in states.values()) == TOKENS, states
    assert world.query("perennial_build_info")[0]["metric"]["version"]


def rules_are_in_order_and_silent(world):
    """Before the first scrape, the daemon is absent."""
    def rules():
        return [rule for group in world.prometheus_says("rules")["groups"] for rule in group["rules"]]

    wait_for("a look at the rules", lambda: rules() and all(rule["health"] != "unknown" for rule in rules()))
    wait_for("silence", lambda: all(rule["state"] == "inactive" for rule in rules()))
    assert all(rule["health"] == "ok" for rule in rules()), rules()


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def dashboard_shows_something_everywhere(world):
    dashboard = json.loads((world.shipped / "dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)), ids
    variables = {"$__rate_interval": "20s", "$instance": ".*", "$app": ".*"}
    known = {variable["name"] for variable in dashboard["templating"]["list"]}
    for title, written in expressions(dashboard):
        expression = written
        for name, value in variables.items():
            expression = expression.replace(name, value)
        assert "$" not in expression, written
        wait_for(f"an answer to {title}: {expression}", lambda: world.query(expression))
    assert known == {"datasource", "instance", "app"}, known


def every_metric_is_described(world):
    """The reference has a section for every metric, and for no other; the rules name none that is not there."""
    page = (Path(__file__).parents[2] / "docs/src/metrics.md").read_text()
    told = set(re.findall(r"^### (perennial_[a-z_]+)", page, re.MULTILINE))
    classic = fetch(world.metrics + "/metrics", "text/plain")[0]
    shown = set(re.findall(r"^# TYPE (\S+)", classic, re.MULTILINE))
    assert shown <= told, shown - told
    ruled = set(re.findall(r"perennial_[a-z_]+", (world.shipped / "alerts.yml").read_text()))
    assert ruled <= told, ruled - told
    # What has not happened to this daemon.
    absent = {"perennial_oldest_queued_email_timestamp_seconds", "perennial_deliveries_total", "perennial_posts_total"}
    assert told - shown <= absent, told - shown


def the_watcher_is_called(_):
    wait_for("the heartbeat", lambda: Watcher.calls)
    assert Watcher.calls <= 2, Watcher.calls


def main():
    program, shipped, scratch = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3])
    world = World(program, shipped, scratch)
    try:
        for case in (World.start_daemon, passes_the_linter, World.start_prometheus,
                     is_scraped_as_openmetrics, rules_are_in_order_and_silent, dashboard_shows_something_everywhere,
                     every_metric_is_described, the_watcher_is_called):
            case(world)
            print("ok", case.__name__.replace("_", " "), flush=True)
    except Exception:
        print("\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in scratch.glob("*.log")), file=sys.stderr)
        raise
    finally:
        world.stop()


if __name__ == "__main__":
    main()
