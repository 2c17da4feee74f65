"""social-auth-core's Facebook backend with a strategy and a store of the smallest kind.

Its addresses are attributes of the backend's class."""

import types

from social_core.backends.facebook import FacebookOAuth2
from social_core.exceptions import AuthCanceled, AuthException
from social_core.storage import BaseStorage, NonceMixin
from social_core.strategy import BaseStrategy

import browser
import simulator as world
from simulator import EASY, EASY_SECRET, PERSON, STRICT, STRICT_SECRET, call, equal, refusal


class Facebook(FacebookOAuth2):
    """The same backend at the simulator's address."""

    AUTHORIZATION_URL = FacebookOAuth2.AUTHORIZATION_URL.replace("https://www.facebook.com", world.GRAPH)
    ACCESS_TOKEN_URL = FacebookOAuth2.ACCESS_TOKEN_URL.replace("https://graph.facebook.com", world.GRAPH)
    USER_DATA_URL = FacebookOAuth2.USER_DATA_URL.replace("https://graph.facebook.com", world.GRAPH)
    REVOKE_TOKEN_URL = FacebookOAuth2.REVOKE_TOKEN_URL.replace("https://graph.facebook.com", world.GRAPH)


class Nonce(NonceMixin):
    """States of logins that were begun."""

    begun = set()

    @classmethod
    def use(cls, *state):
        cls.begun.add(state)
        return True

    @classmethod
    def consume(cls, *state):
        known = state in cls.begun
        cls.begun.discard(state)
        return known


class Storage(BaseStorage):
    nonce = Nonce


class Strategy(BaseStrategy):
    """One visitor's session and request."""

    def __init__(self, **settings):
        super().__init__(Storage)
        self.settings, self.session, self.data = settings, {}, {}

    def get_setting(self, name):
        return self.settings[name]

    def request_data(self, merge=True):
        return self.data

    def session_get(self, name, default=None):
        return self.session.get(name, default)

    def session_set(self, name, value):
        self.session[name] = value

    def session_pop(self, name):
        return self.session.pop(name, None)

    def build_absolute_uri(self, path=None):
        return path

    def redirect(self, url):
        return url


def user(response, details, **_):
    """The last step of the application's pipeline: its user is what the backend has learnt."""
    return {"user": types.SimpleNamespace(response=response, details=details, is_active=True)}


def visit(app, secret, press="allow", **settings):
    """A visitor who goes to log in and comes back."""
    strategy = Strategy(
        SOCIAL_AUTH_FACEBOOK_KEY=app,
        SOCIAL_AUTH_FACEBOOK_SECRET=secret,
        SOCIAL_AUTH_FACEBOOK_SCOPE=["email", "pages_show_list"],
        SOCIAL_AUTH_PIPELINE=["social_core.pipeline.social_auth.social_details", f"{__name__}.user"],
        **settings)
    dialog = Facebook(strategy, world.CALLBACK).start()
    strategy.data = browser.query(browser.log_in(dialog, press))
    return Facebook(strategy, world.CALLBACK)


with call("login round trip"):
    extra = {"fields": "id,name,first_name,last_name,email,verified,locale,picture{url}"}
    facebook = visit(EASY, EASY_SECRET, SOCIAL_AUTH_FACEBOOK_PROFILE_EXTRA_PARAMS=extra)
    someone = facebook.complete()
    equal(someone.details["fullname"], world.PERSON_NAME)
    equal(someone.details["email"], f"{PERSON}@example.com")
    equal((someone.details["first_name"], someone.details["last_name"]), ("Ada", "Example"))
    equal(someone.response["id"], PERSON)
    equal(sorted(someone.response["granted_scopes"]), ["email", "pages_show_list", "public_profile"])
    assert someone.response["picture"]["data"]["url"].startswith("https:")
    short = someone.response["access_token"]
    assert 0 < someone.response["expires_in"] <= 2 * 3600

with call("error: code used twice"):
    with refusal(AuthException):
        facebook.complete()

with call("refresh: the long-lived exchange"):
    answer = facebook.refresh_token(short)
    equal((answer["token_type"], answer["expires_in"]), ("bearer", 60 * 86400))
    equal(facebook.user_data(answer["access_token"])["id"], PERSON)

with call("appsecret_proof"):
    equal(visit(STRICT, STRICT_SECRET).complete().response["id"], PERSON)

with call("appsecret_proof required"):
    with refusal(AuthException):
        visit(STRICT, STRICT_SECRET, SOCIAL_AUTH_FACEBOOK_APPSECRET_PROOF=False).complete()

with call("cancelled login"):
    with refusal(AuthCanceled):
        visit(EASY, EASY_SECRET, press="cancel").complete()

with call("error: app in development, 901"):
    with refusal(AuthException) as caught:
        visit("1002", "young-secret").complete()
    equal(str(caught.error.provider_code), "901")

with call("error: wrong client secret"):
    with refusal(AuthException):
        visit(EASY, "wrong").complete()

with call("error: throttled, code 4"):
    world.throttle(EASY)
    with refusal(AuthException) as caught:
        facebook.user_data(short)
    equal((caught.error.code, caught.error.provider_code), ("rate_limited", 4))
    world.sim("DELETE", f"throttles?app={EASY}")
    equal(facebook.user_data(short)["id"], PERSON)

# The library compares the answer's bytes with the text `true`, so it never sees a success, here or at Meta.
with call("revoke"):
    equal(facebook.revoke_token(answer["access_token"], PERSON), False)
    equal(world.sim("GET", f"tokens?token={answer['access_token']}")["alive"], False)

with call("error: app removed, 190/458"):
    with refusal(AuthException) as caught:
        facebook.user_data(answer["access_token"])
    equal(caught.error.provider_code, 190)
