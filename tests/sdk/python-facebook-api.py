"""python-facebook-api, which takes every address as an argument; it signs calls once it knows the app's secret."""

import json
import os

from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error
from pyfacebook import FacebookApi, FacebookError, LibraryError

import browser
import simulator as world
from simulator import (
    EASY, EASY_SECRET, PAGES, PERSON, SCOPES, STRICT, STRICT_SECRET, call, equal, refusal,
)

# The OAuth library below refuses to show a secret to an address without TLS unless told so.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
ADDRESSES = {
    "base_url": f"{world.GRAPH}/",
    "authorization_url": f"{world.GRAPH}/dialog/oauth",
    "access_token_url": f"{world.GRAPH}/oauth/access_token",
}


def api(access_token=None, app=(STRICT, STRICT_SECRET), **more):
    settings = ADDRESSES | {"app_id": app[0], "app_secret": app[1]} | more
    return FacebookApi(access_token=access_token, **settings)


easy = (EASY, EASY_SECRET)

with call("client_credentials"):
    app = api(app=easy, application_only_auth=True)
    equal(app.debug_token(app.access_token)["data"]["type"], "APP")

with call("login url and code"):
    login = api(app=easy, oauth_flow=True, redirect_uri=world.CALLBACK, scope=SCOPES)
    url, state = login.get_authorization_url(url_kwargs={"auth_type": "rerequest"})
    back = browser.log_in(url)
    equal(browser.query(back)["state"], state)
    short = login.exchange_user_access_token(back)["access_token"]
    data = app.debug_token(short)["data"]
    equal((data["user_id"], data["metadata"]), (PERSON, {"auth_type": "rerequest"}))

with call("long-lived exchange"):
    answer = login.exchange_long_lived_user_access_token(short)
    equal((answer["token_type"], answer["expires_in"]), ("bearer", 60 * 86400))
    equal(world.ledger("exchange")["calls"]["exchange"], {"calls": 1, "errors": 0})
    long = answer["access_token"]

with call("debug_token"):
    data = app.debug_token(long)["data"]
    equal((data["type"], data["user_id"], data["is_valid"]), ("USER", PERSON, True))
    equal(data["expires_at"] - data["issued_at"], 60 * 86400)

with call("page token by field"):
    token = login.exchange_page_access_token(PAGES[0], long)
    equal(app.debug_token(token)["data"]["profile_id"], PAGES[0])

with call("page token withheld"):
    with refusal(LibraryError) as caught:
        login.exchange_page_access_token(world.CLIENT_PAGE, long)
    assert "page access token" in caught.error.message

with call("long-lived page tokens"):
    pages = login.exchange_long_lived_page_access_token("me", long)["data"]
    equal([page["id"] for page in pages], PAGES)
    equal(app.debug_token(pages[0]["access_token"])["data"]["expires_at"], 0)

ada = api(world.long_lived(STRICT))

with call("me"):
    me = ada.user.get_info("me")
    equal((me.id, me.name, me.middle_name, me.last_name),
          (PERSON, world.PERSON_NAME, "Maria", "Example"))

with call("ids"):
    found = ada.page.get_batch(PAGES[:2])
    equal({id: page.name for id, page in found.items()}, {"2001": "Bakery", "2002": "Butchery"})

with call("me/accounts to its end"):
    pages = ada.user.get_accounts("me", count=None, limit=3, summary=True)
    equal([page.id for page in pages.data], PAGES)
    equal({page.category for page in pages.data}, {"Local business"})

with call("businesses"):
    (business,) = ada.user.get_businesses("me", fields="id,name").data
    equal((business.id, business.name), (world.BUSINESS, "Trades"))

with call("application"):
    equal(ada.application.get_info().name, "strict")

with call("appsecret_proof required"):
    with refusal(FacebookError) as caught:
        api(ada.access_token, app=(None, None)).user.get_info("me")
    equal((caught.error.type, caught.error.code), ("GraphMethodException", 100))

with call("appsecret_proof checked"):
    with refusal(FacebookError) as caught:
        api(ada.access_token, app=(STRICT, "wrong")).user.get_info("me")
    assert "Invalid appsecret_proof" in caught.error.message

with call("usage headers"):
    strict = api(f"{STRICT}|{STRICT_SECRET}")
    strict.get_object(STRICT)
    before = strict.rate_limit.get_limit().call_count
    for _ in range(10):
        strict.get_object(STRICT)
    equal(strict.rate_limit.get_limit().call_count - before, 5)

with call("batch with mixed tokens"):
    bakery = world.page_token(ada.access_token, PAGES[0])
    proof = world.proof(bakery, STRICT_SECRET)
    members = [
        {"method": "GET", "relative_url": "me?fields=name"},
        {"method": "GET", "relative_url": f"me?access_token={bakery}&appsecret_proof={proof}"},
        {"method": "GET", "relative_url": f"me?access_token={bakery}"},
    ]
    answers = ada.post_object("", data={"batch": json.dumps(members)})
    equal([answer["code"] for answer in answers], [200, 200, 400])
    equal([json.loads(answer["body"])["name"] for answer in answers[:2]],
          [world.PERSON_NAME, "Bakery"])

with call("subscribed_apps"):
    page = api(bakery)
    page.post_object(PAGES[0], "subscribed_apps", data={"subscribed_fields": "feed,messages"})
    (app_there,) = page.get_connection(PAGES[0], "subscribed_apps")["data"]
    equal(app_there["subscribed_fields"], ["feed", "messages"])
    page.delete_object(PAGES[0], "subscribed_apps")
    equal(page.get_connection(PAGES[0], "subscribed_apps")["data"], [])

with call("permissions"):
    found = ada.get_connection("me", "permissions")["data"]
    equal({one["permission"] for one in found}, {"public_profile", *SCOPES})

with call("delete one permission"):
    equal(ada.delete_object("me", "permissions/email"), {"success": True})
    found = ada.get_connection("me", "permissions", status="granted")["data"]
    equal({one["permission"] for one in found}, {"public_profile", *SCOPES} - {"email"})

with call("error: code used twice, 100/36009"):
    with refusal(CustomOAuth2Error) as caught:
        login.exchange_user_access_token(back)
    error = caught.error.error
    equal((error["code"], error["error_subcode"]), (100, 36009))

with call("revoke"):
    victim = world.long_lived(STRICT)
    args = {"client_id": STRICT, "client_secret": STRICT_SECRET, "revoke_token": victim}
    equal(ada.get("oauth/revoke", args)["success"], "true")
    with refusal(FacebookError) as caught:
        api(victim).user.get_info("me")
    equal((caught.error.code, caught.error.error_subcode), (190, 466))

with call("error: expired token, 190/463"):
    world.advance("61d")
    with refusal(FacebookError) as caught:
        ada.user.get_info("me")
    equal((caught.error.code, caught.error.error_subcode), (190, 463))
    assert caught.error.fbtrace_id
    with refusal(FacebookError) as caught:
        login.exchange_long_lived_user_access_token(long)
    equal((caught.error.code, caught.error.error_subcode), (190, 463))

with call("delete all permissions, 190/458"):
    again = api(world.long_lived(STRICT))
    equal(again.delete_object("me", "permissions"), {"success": True})
    with refusal(FacebookError) as caught:
        again.user.get_info("me")
    equal((caught.error.code, caught.error.error_subcode), (190, 458))

with call("error: throttled, code 4"):
    world.throttle(EASY)
    with refusal(FacebookError) as caught:
        app.debug_token(long)
    equal((caught.error.code, caught.error.is_transient), (4, True))
