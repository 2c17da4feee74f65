"""authlib's OAuth 2.0 session of requests, which takes every address as an argument."""

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests.exceptions import HTTPError

import browser
import simulator as world
from simulator import EASY, EASY_SECRET, PAGES, PERSON, STRICT, STRICT_SECRET, call, equal, refusal

DIALOG = f"{world.GRAPH}/www.facebook.com/v25.0/dialog/oauth"
GRAPH = f"{world.GRAPH}/graph.facebook.com/v25.0"
TOKENS = f"{GRAPH}/oauth/access_token"


def session(app=EASY, secret=EASY_SECRET, **settings):
    method = settings.pop("method", "client_secret_post")
    return OAuth2Session(app, secret, token_endpoint_auth_method=method, redirect_uri=world.CALLBACK,
                         scope="email pages_show_list", default_timeout=30, **settings)


def read(client, path, **params):
    answer = client.get(f"{GRAPH}/{path}", params=params)
    answer.raise_for_status()
    return answer.json()


def visit(client, press="allow"):
    """What the application sees of the redirect; a browser keeps the fragment to itself."""
    url, state = client.create_authorization_url(DIALOG, auth_type="rerequest")
    return browser.log_in(url, press).split("#")[0], state


with call("login url and code"):
    ada = session()
    back, state = visit(ada)
    ada.fetch_token(TOKENS, authorization_response=back, state=state)
    equal(ada.token["token_type"], "bearer")
    assert 0 < ada.token["expires_in"] <= 2 * 3600
    equal(read(ada, "me", fields="id,name"), {"id": PERSON, "name": world.PERSON_NAME})

with call("login with HTTP Basic and by GET"):
    other = session(method="client_secret_basic")
    answer, state = visit(other)
    other.fetch_token(TOKENS, method="GET", authorization_response=answer, state=state)
    equal(read(other, "me")["id"], PERSON)

# Meta's errors are objects where RFC 6749 has a word: the library takes the object for the word.
with call("error: code used twice, 100/36009"):
    with refusal(OAuthError) as caught:
        session().fetch_token(TOKENS, authorization_response=back)
    equal((caught.error.error["code"], caught.error.error["error_subcode"]), (100, 36009))

with call("state of another browser is refused"):
    with refusal(AuthlibBaseError) as caught:
        session().fetch_token(TOKENS, authorization_response=back, state="other")
    equal(caught.error.error, "mismatching_state")

with call("cancelled login"):
    answer, state = visit(session(), "cancel")
    assert "error=access_denied" in answer
    with refusal(AuthlibBaseError) as caught:
        session().fetch_token(TOKENS, authorization_response=answer, state=state)
    equal(caught.error.error, "missing_code")

with call("client_credentials"):
    app = session()
    app.fetch_token(TOKENS, grant_type="client_credentials")
    data = read(app, "debug_token", input_token=ada.token["access_token"])["data"]
    equal((data["type"], data["user_id"], data["is_valid"]), ("USER", PERSON, True))

with call("long-lived exchange"):
    short = ada.token["access_token"]
    ada.fetch_token(TOKENS, grant_type="fb_exchange_token", fb_exchange_token=short)
    equal(ada.token["expires_in"], 60 * 86400)
    data = read(app, "debug_token", input_token=ada.token["access_token"])["data"]
    equal(data["expires_at"] - data["issued_at"], 60 * 86400)

with call("me/accounts to its end and back"):
    answer = read(ada, "me/accounts", fields="id", limit=3, summary="true")
    found, totals = [], set()
    while True:
        found += [page["id"] for page in answer["data"]]
        totals.add(answer["summary"]["total_count"])
        if "next" not in answer["paging"]:
            break
        answer = ada.get(answer["paging"]["next"], withhold_token=True).json()
    equal((found, totals), (PAGES, {7}))
    answer = ada.get(answer["paging"]["previous"], withhold_token=True).json()
    equal([page["id"] for page in answer["data"]], PAGES[3:6])

with call("files in a form"):
    files = {"cat": ("cat.png", b"\x89PNG", "image/png")}
    form = {"batch": '[{"method":"GET","relative_url":"me?fields=name"}]'}
    answer = ada.post(f"{GRAPH}/", data=form, files=files)
    equal(answer.json()[0]["code"], 200)

with call("head and entity tags"):
    answer = ada.head(f"{GRAPH}/me")
    equal((answer.status_code, answer.content), (200, b""))
    again = ada.get(f"{GRAPH}/me", headers={"If-None-Match": answer.headers["etag"]})
    equal((again.status_code, again.content), (304, b""))

with call("appsecret_proof required"):
    strict = session(STRICT, STRICT_SECRET, token={
        "access_token": world.long_lived(STRICT), "token_type": "bearer"})
    with refusal(HTTPError) as caught:
        read(strict, "me")
    equal(caught.error.response.json()["error"]["code"], 100)
    proof = world.proof(strict.token["access_token"], STRICT_SECRET)
    equal(read(strict, "me", appsecret_proof=proof)["id"], PERSON)

with call("delete all permissions, 190/458"):
    equal(ada.delete(f"{GRAPH}/me/permissions").json(), {"success": True})
    with refusal(HTTPError) as caught:
        read(ada, "me")
    equal(caught.error.response.json()["error"]["error_subcode"], 458)
    assert '"invalid_token"' in caught.error.response.headers["www-authenticate"]

with call("error: throttled, code 4"):
    world.throttle(EASY)
    with refusal(OAuthError) as caught:
        session().fetch_token(TOKENS, grant_type="client_credentials")
    equal(caught.error.error["code"], 4)
