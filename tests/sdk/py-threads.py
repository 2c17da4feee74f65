"""pythreads, which knows one address. A variable of the module holds it."""

import asyncio
import os

os.environ |= {
    # Without the first, it wants a certificate; the second is for the OAuth library below.
    "CI": "1",
    "OAUTHLIB_INSECURE_TRANSPORT": "1",
    "THREADS_APP_ID": "1011",
    "THREADS_API_SECRET": "thread-secret",
    "THREADS_REDIRECT_URI": "https://app.example/callback",
}

from pythreads import threads
from pythreads.api import API
from pythreads.threads import Threads

import browser
import simulator as world
from simulator import PERSON, call, equal, refusal

threads.GRAPH_API_BASE_URL = f"{world.GRAPH}/graph.threads.net/v1.0/"
threads.SSL_CREDENTIALS = None


async def account(credentials):
    async with API(credentials) as api:
        return await api.account()


with call("login, code and long-lived exchange"):
    url, state = Threads.authorization_url()
    back = browser.log_in(url.replace("https://threads.net", f"{world.GRAPH}/threads.net"))
    credentials = Threads.complete_authorization(back, state)
    equal((str(credentials.user_id), credentials.short_lived), (PERSON, False))
    assert 5_183_900 < credentials.expires_in() <= 5_183_944

with call("profile"):
    equal(asyncio.run(account(credentials))["username"], "ada.maria.example")

with call("refresh of a young token"):
    with refusal(threads.ThreadsAuthenticationError):
        Threads.refresh_long_lived_token(credentials)

with call("refresh"):
    world.advance("1d")
    token, _ = Threads.refresh_long_lived_token(credentials)
    assert token.startswith("THAA") and token != credentials.access_token
