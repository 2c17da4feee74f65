"""What the receivers share whose store has an HTTP API."""
import json
import os
from pathlib import Path
from urllib import request


def read_file(variable, default=None):
    """What is in the file that an environment variable names. It is read each time, because others may renew it."""
    return Path(os.environ.get(variable, default) or os.environ[variable]).read_text().strip()


def call(method, url, headers, body=None, **options):
    """What a store answers. Anything but a 2xx is an error, and after a redirect its headers are not sent again."""
    content = None if body is None else json.dumps(body).encode()
    asked = request.Request(url, content, {"Content-Type": "application/json"}, method=method)
    for name, value in headers.items():
        asked.add_unredirected_header(name, value)
    with request.urlopen(asked, timeout=5, **options) as answer:
        return json.load(answer)
