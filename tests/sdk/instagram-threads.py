"""The classes of python-facebook-api for Instagram and Threads, which take every address as an argument."""

import os

from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from pyfacebook import FacebookError
from pyfacebook.api.graph import BasicDisplayAPI, ThreadsGraphAPI

import browser
import simulator as world
from simulator import PERSON, call, equal, refusal

# The OAuth library below refuses to show a secret to an address without TLS unless told so.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
SIXTY_DAYS = 5_183_944


def client(kind, app, secret, host, dialog, **more):
    return kind(
        app_id=app, app_secret=secret, base_url=f"{world.GRAPH}/{host}/",
        authorization_url=f"{world.GRAPH}/{dialog}/oauth/authorize",
        access_token_url=f"{world.GRAPH}/{host}/oauth/access_token", **more)


def instagram(**more):
    return client(BasicDisplayAPI, "1010", "gram-secret", "graph.instagram.com",
                  "www.instagram.com", **more)


def threads(**more):
    return client(ThreadsGraphAPI, "1011", "thread-secret", "graph.threads.net", "threads.net",
                  version="v1.0", **more)


def live(name, make, app, scope, fields):
    """The life of one token: login, exchange, profile, refresh, end."""
    login = make(oauth_flow=True)
    asked = {"redirect_uri": world.CALLBACK, "scope": [scope]}
    with call(f"{name} login url and code"):
        url, state = login.get_authorization_url(**asked)
        back = browser.log_in(url)
        assert back.endswith("#_"), back
        equal(browser.query(back)["state"], state)
        answer = login.exchange_user_access_token(back, state=state, **asked)
        short = answer["access_token"]
        equal(type(answer["user_id"]), int if name == "threads" else str)

    with call(f"{name} code used twice"):
        with refusal(OAuth2Error):
            login.exchange_user_access_token(back, state=state, **asked)

    with call(f"{name} long-lived exchange"):
        answer = login.exchange_long_lived_user_access_token(short)
        equal((answer["token_type"], answer["expires_in"]), ("bearer", SIXTY_DAYS))
        equal(world.ledger("exchange")["calls"]["exchange"]["errors"], 0)
        long = answer["access_token"]

    with call(f"{name} me"):
        me = make(access_token=long).get_object("me", fields=",".join(fields))
        equal([me[field] for field in fields], [PERSON, "ada.maria.example"])

    with call(f"{name} refresh of a young token"):
        with refusal(FacebookError) as caught:
            make(access_token=long).refresh_access_token(long)
        equal(caught.error.code, 10)

    with call(f"{name} refresh"):
        world.advance("30d")
        answer = make(access_token=long).refresh_access_token(long)
        equal(answer["expires_in"], SIXTY_DAYS)
        fresh = answer["access_token"]
        assert fresh != long
        for token in (long, fresh):
            make(access_token=token).get_object("me", fields=fields[0])

    with call(f"{name} expired token"):
        world.advance("31d")
        make(access_token=fresh).get_object("me", fields=fields[0])
        with refusal(FacebookError) as caught:
            make(access_token=long).refresh_access_token(long)
        equal(caught.error.code, 190)
        assert "Session has expired on" in caught.error.message

    with call(f"{name} token of another platform"):
        foreign = world.long_lived(world.EASY)
        with refusal(FacebookError) as caught:
            make(access_token=foreign).get_object("me", fields=fields[0])
        equal(caught.error.code, 190)
        assert "Cannot parse access token" in caught.error.message


live("instagram", instagram, "1010", "instagram_business_basic", ("user_id", "username"))
live("threads", threads, "1011", "threads_basic", ("id", "username"))
