"""A person at the login dialog: reads each page's form, ticks what is ticked, presses the button."""

import html.parser
import re
import urllib.error
import urllib.parse
import urllib.request

from simulator import GRAPH


class Form(html.parser.HTMLParser):
    """The fields that a browser would send."""

    def __init__(self, page):
        super().__init__()
        self.method, self.fields = None, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.method = attributes["method"]
        elif tag == "input" and "name" in attributes and "disabled" not in attributes:
            pickable = attributes["type"] in ("radio", "checkbox")
            if "checked" in attributes or not pickable:
                self.fields.append((attributes["name"], attributes["value"]))


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


browser = urllib.request.build_opener(Stay)


def log_in(dialog, press="allow"):
    """Where the dialog sends the person who presses the button."""
    address = re.sub(r"^https://(www|m)\.facebook\.com", GRAPH, dialog)
    form = Form(browser.open(address).read().decode())
    assert form.method == "get", "the dialog asks who one is"
    address = f"{address.split('?')[0]}?{urllib.parse.urlencode(form.fields)}"
    form = Form(browser.open(address).read().decode())
    assert form.method == "post", "the dialog asks what one allows"
    answer = urllib.parse.urlencode([*form.fields, ("answer", press)])
    try:
        browser.open(address, answer.encode())
    except urllib.error.HTTPError as redirect:
        return redirect.headers["location"]
    raise AssertionError("the dialog did not send the browser back")


def query(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
