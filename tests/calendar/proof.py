"""Calendars of a daemon, read by `icalendar` of PyPI and `ical.js` of npm: each case prints a line, and any that fails
ends it with 1.

Usage: proof.py PERENNIAL SCRATCH
"""

import datetime
import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import premises
from icalendar import Calendar
from premises import APP, NAME, PERSON, Premises, case, wait_for

PUBLIC_URL = "https://tokens.example.com"
PAGES = ["Bäckerei Öl & Söhne", "Tür, Tor; Fenster: \\ alles", "Brezel 🥨 東京", "Straße äö🥨" * 30]
premises.WORLD = premises.WORLD.replace("[[person]]", "".join(
    f"[[page]]\nid = \"{2001 + number}\"\nname = {json.dumps(name, ensure_ascii=False)}\n"
    for number, name in enumerate(PAGES)) + "[[person]]") + f"pages = {[str(2001 + n) for n in range(len(PAGES))]}\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    def __init__(self, program, folder):
        self.port = free_port()
        more = f'[web]\nlisten = "127.0.0.1:{self.port}"\npublic_url = "{PUBLIC_URL}"\n'
        self.premises = Premises(program, folder, more)

    def new_token(self):
        order = {"kind": "long_lived", "app": APP, "person": PERSON, "scopes": ["email", "pages_show_list"]}
        return self.premises.sim("POST", "tokens", order)["access_token"]

    def fetch(self, url, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, urlsplit(url).path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()

    def pages(self):
        asked = self.premises.ask("tokens", "--kind", "page", "--json")
        assert asked.returncode == 0, asked
        tokens = json.loads(asked.stdout)["tokens"]
        return [token["name"] for token in tokens if token["state"] == "healthy"]

    def addresses(self):
        asked = self.premises.ask("calendar", "--json")
        assert asked.returncode == 0, asked
        return {each["name"]: each["url"] for each in json.loads(asked.stdout)["calendars"]}

    def events(self, url):
        """What both libraries read, which must be the same."""
        answer, text = self.fetch(url)
        assert answer.status == 200, (answer.status, text)
        assert answer.getheader("content-type") == "text/calendar; charset=utf-8"
        by_python, by_node = read_by_python(text), read_by_node(text)
        assert by_python == by_node, (by_python, by_node)
        return by_python


def read_by_python(text):
    calendar = Calendar.from_ical(text)
    assert not calendar.errors, calendar.errors
    events = []
    for event in calendar.walk("VEVENT"):
        assert not event.errors, event.errors
        start, end = event["DTSTART"].dt, event["DTEND"].dt
        events.append({
            "uid": str(event["UID"]),
            "sequence": int(event["SEQUENCE"]),
            "modified": event["LAST-MODIFIED"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "is_all_day": all(type(day) is datetime.date for day in (start, end)),
            "start": start.isoformat(),
            "end": end.isoformat(),
            "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]),
        })
    return {"name": str(calendar["X-WR-CALNAME"]), "refresh": "PT12H", "events": events}


def read_by_node(text):
    script = Path(__file__).with_name("read.js")
    read = subprocess.run(["node", script], input=text, capture_output=True, timeout=60)
    assert read.returncode == 0, read.stderr.decode()
    return json.loads(read.stdout)


def days_ahead(event):
    return (datetime.date.fromisoformat(event["start"]) - datetime.datetime.now(datetime.UTC).date()).days


def both_libraries_read_the_same(house):
    calendar = house.events(house.addresses()[NAME])
    [event] = calendar["events"]
    assert calendar["name"] == "Logins for acme", calendar
    assert event["uid"] == f"login-acme-{PERSON}-1@perennial", event
    assert event["is_all_day"] and event["sequence"] == 0, event
    assert event["summary"] == f"Log in to Facebook for {len(PAGES)} pages of acme", event
    assert datetime.date.fromisoformat(event["end"]) - datetime.date.fromisoformat(event["start"]) == datetime.timedelta(1)
    assert 50 <= days_ahead(event) <= 53, event
    lines = event["description"].split("\n")
    assert set(PAGES) <= set(lines), (PAGES, lines)
    assert len(PAGES[-1]) == 300, len(PAGES[-1])


def a_line_is_short_and_no_character_is_cut(house):
    _, text = house.fetch(house.addresses()[NAME])
    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), max(lines, key=len)
    assert any(line.startswith(b" ") for line in lines)
    for line in lines:
        line.decode()


def a_change_has_a_higher_sequence_and_the_same_uid(house):
    url = house.addresses()[NAME]
    [before] = house.events(url)["events"]
    forgotten = house.premises.ask("forget", "--yes", house.pages()[0])
    assert forgotten.returncode == 0, forgotten
    [after] = wait_for("the change", lambda: [
        event for event in house.events(url)["events"] if event["sequence"] > before["sequence"]])
    assert after["uid"] == before["uid"] and after["sequence"] == 1, (before, after)
    assert after["modified"] >= before["modified"], (before, after)
    assert after["summary"] != before["summary"], after


def operators_see_the_same_login(house):
    calendar = house.events(house.addresses()[None])
    uids = [event["uid"] for event in calendar["events"]]
    assert f"login-acme-{PERSON}-1@perennial" in uids, uids
    assert calendar["name"] == "Perennial", calendar


def who_has_it_gets_nothing_new(house):
    url = house.addresses()[NAME]
    answer, _ = house.fetch(url)
    for known in ({"If-None-Match": answer.getheader("etag")},
                  {"If-Modified-Since": answer.getheader("last-modified")}):
        again, body = house.fetch(url, headers=known)
        assert (again.status, body) == (304, b""), (known, again.status, body)


def a_revoked_address_is_gone(house):
    url = house.addresses()[NAME]
    revoked = house.premises.ask("calendar", "--revoke", NAME)
    assert revoked.returncode == 0, revoked
    answer, body = house.fetch(url)
    stranger, nothing = house.fetch(f"{PUBLIC_URL}/calendar/{'x' * 43}.ics")
    assert (answer.status, body) == (stranger.status, nothing) == (404, b"There is nothing here.\n")
    following = house.addresses()[NAME]
    assert following != url
    assert len(house.events(following)["events"]) == 1
    logs = b"".join(path.read_bytes() for path in house.premises.folder.glob("*.log"))
    for address in (url, following):
        assert urlsplit(address).path.encode() not in logs, "an address is a key"


def main():
    program, scratch = sys.argv[1:]
    house, failures = House(program, Path(scratch)), []
    try:
        added = house.premises.ask("import", "--app", "acme", "--name", "ada", "--discover", stdin=house.new_token())
        assert added.returncode == 0, added
        wait_for("the pages", lambda: len(house.pages()) == len(PAGES))
        for story in (both_libraries_read_the_same, a_line_is_short_and_no_character_is_cut,
                      a_change_has_a_higher_sequence_and_the_same_uid, operators_see_the_same_login,
                      who_has_it_gets_nothing_new, a_revoked_address_is_gone):
            with case(story.__name__.replace("_", " "), failures):
                story(house)
    finally:
        house.premises.stop()
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
