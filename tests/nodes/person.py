"""A person who logs in: reads the page of the dialog, and presses the button."""

import html.parser
import urllib.parse

import http1


class Form(html.parser.HTMLParser):
    """The fields that a browser would send."""

    def __init__(self, page):
        super().__init__()
        self.fields = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag != "input" or "name" not in attributes or "disabled" in attributes:
            return
        if "checked" in attributes or attributes["type"] not in ("radio", "checkbox"):
            self.fields.append((attributes["name"], attributes["value"]))


async def log_in(graph, dialog, person):
    """Allows everything. Returns where the dialog sends the browser."""
    path = f"/dialog/oauth?{urllib.parse.urlsplit(dialog).query}&person={person}"
    _, (_, _, page) = await http1.exchange(graph.connect(), "GET", path)
    answer = urllib.parse.urlencode([*Form(page.decode()).fields, ("answer", "allow")])
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    status, (_, headers, page) = await http1.exchange(graph.connect(), "POST", path, answer.encode(), form)
    assert status in (302, 303), (status, page)
    return headers["location"]
