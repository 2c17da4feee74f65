"""Meta's own SDK for Python, on an app that requires proofs; it signs every call by itself."""

import json

from facebook_business.adobjects.business import Business
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

import simulator as world
from simulator import PAGES, PERSON, STRICT, STRICT_SECRET, call, equal, refusal

APP_TOKEN = f"{STRICT}|{STRICT_SECRET}"
CREDENTIALS = {"client_id": STRICT, "client_secret": STRICT_SECRET}


class Session(FacebookSession):
    """The attribute that the SDK names for the address of the Graph."""

    GRAPH = world.GRAPH


def api(access_token=None, secret=STRICT_SECRET):
    return FacebookAdsApi(Session(STRICT, secret if access_token else None, access_token))


def get(path, **params):
    return api().call("GET", path, params).json()


def inspect(input_token):
    return api(APP_TOKEN).call("GET", ("debug_token",), {"input_token": input_token}).json()["data"]


def signed(access_token, **params):
    """What a member of a batch needs to be called with another token than the batch."""
    proof = world.proof(access_token, STRICT_SECRET)
    return {"access_token": access_token, "appsecret_proof": proof, **params}


def exchange(token, **params):
    params |= CREDENTIALS | {"grant_type": "fb_exchange_token", "fb_exchange_token": token}
    return get(("oauth", "access_token"), **params)


with call("client_credentials"):
    answer = get(("oauth", "access_token"), grant_type="client_credentials", **CREDENTIALS)
    assert inspect(answer["access_token"])["type"] == "APP"

with call("long-lived exchange"):
    short = world.short_lived(STRICT)
    answer = exchange(short)
    equal(answer["token_type"], "bearer")
    equal(answer["expires_in"], 60 * 86400)
    equal(world.ledger("exchange")["calls"]["exchange"], {"calls": 1, "errors": 0})
    token = answer["access_token"]
    ada = api(token)

with call("debug_token"):
    equal(inspect(short).get("issued_at"), None)
    data = inspect(token)
    equal((data["type"], data["user_id"], data["is_valid"]), ("USER", PERSON, True))
    equal(data["expires_at"] - data["issued_at"], 60 * 86400)

with call("me"):
    me = User("me", api=ada).api_get(fields=["id", "name", "first_name", "last_name"])
    equal(me.export_all_data(), {
        "id": PERSON, "name": world.PERSON_NAME, "first_name": "Ada", "last_name": "Example",
    })

with call("me/accounts to its end"):
    cursor = User("me", api=ada).get_accounts(["name", "access_token"], {"limit": 3})
    equal(len(cursor), 3)
    equal(cursor.total(), 7)
    pages = list(cursor)
    equal([page["id"] for page in pages], PAGES)

with call("page token by field"):
    bakery = Page(PAGES[0], api=ada).api_get(fields=["access_token"])
    equal(bakery["access_token"], pages[0]["access_token"])
    data = inspect(bakery["access_token"])
    equal((data["type"], data["profile_id"], data["expires_at"]), ("PAGE", PAGES[0], 0))

with call("page token withheld"):
    page = Page(world.CLIENT_PAGE, api=ada).api_get(fields=["access_token"])
    equal(page.export_all_data(), {"id": world.CLIENT_PAGE})

with call("ids"):
    found = Page.get_by_ids(PAGES[:2], fields=["name"], api=ada)
    equal([page["name"] for page in found], ["Bakery", "Butchery"])

with call("subscribed_apps"):
    page = Page(PAGES[0], api=api(bakery["access_token"]))
    page.create_subscribed_app(params={"subscribed_fields": ["feed", "messages"]})
    (app,) = page.get_subscribed_apps()
    equal((app["id"], app["subscribed_fields"]), (STRICT, ["feed", "messages"]))
    page.delete_subscribed_apps()
    equal(list(page.get_subscribed_apps()), [])

with call("businesses, owned_pages, client_pages"):
    (business,) = User("me", api=ada).get_businesses(["name"])
    equal(business["id"], world.BUSINESS)
    business = Business(business["id"], api=ada)
    equal([page["id"] for page in business.get_owned_pages()], PAGES[:1])
    equal([page["id"] for page in business.get_client_pages()], [world.CLIENT_PAGE])

with call("batch with mixed tokens"):
    answers, refused = [], []
    batch = ada.new_batch()
    members = [
        (("me",), {"fields": "name"}),
        (("me",), signed(bakery["access_token"], fields="name")),
        (("debug_token",), signed(APP_TOKEN, input_token=short)),
        (("nobody",), {}),
    ]
    for path, params in members:
        batch.add("GET", path, params, success=answers.append, failure=refused.append)
    equal(batch.execute(), None)
    person, page, inspected = (answer.json() for answer in answers)
    equal((person["name"], page["name"]), (world.PERSON_NAME, "Bakery"))
    equal(inspected["data"]["user_id"], PERSON)
    (error,) = (answer.error() for answer in refused)
    equal((error.api_error_code(), error.api_error_subcode()), (100, 33))

with call("batch with an uncompleted member"):
    world.sim("POST", "faults", {"fault": "null_member", "endpoint": "me", "times": 1})
    answers = []
    batch = ada.new_batch()
    batch.add_request(User("me", api=ada).api_get(pending=True), success=answers.append)
    batch.add_request(Page(PAGES[2], api=ada).api_get(pending=True), success=answers.append)
    rest = batch.execute()
    equal(([answer.json()["id"] for answer in answers], len(rest)), ([PAGES[2]], 1))
    equal(rest.execute(), None)
    equal(answers[1].json()["id"], PERSON)

with call("version and usage headers"):
    headers = api(APP_TOKEN).call("GET", (STRICT,)).headers()
    equal(headers["facebook-api-version"], FacebookAdsApi.API_VERSION)
    assert json.loads(headers["x-app-usage"])["call_count"] > 0

with call("appsecret_proof required"):
    with refusal(FacebookRequestError) as caught:
        User("me", api=api(token, secret=None)).api_get()
    equal(caught.error.api_error_code(), 100)
    assert "require an appsecret_proof" in caught.error.api_error_message()

with call("appsecret_proof checked"):
    with refusal(FacebookRequestError) as caught:
        User("me", api=api(token, secret="wrong")).api_get()
    assert "Invalid appsecret_proof" in caught.error.api_error_message()

with call("client_code"):
    url = {"redirect_uri": world.CALLBACK}
    code = ada.call("GET", ("oauth", "client_code"), CREDENTIALS | url).json()["code"]
    answer = get(("oauth", "access_token"), client_id=STRICT, code=code, **url)
    equal(inspect(answer["access_token"])["user_id"], PERSON)

with call("permissions"):
    found = {one["permission"]: one["status"] for one in User("me", api=ada).get_permissions()}
    equal(found, dict.fromkeys(["public_profile", *world.SCOPES], "granted"))

with call("permissions of one kind"):
    found = User("me", api=ada).get_permissions(params={"permission": "email"})
    equal([one["permission"] for one in found], ["email"])

with call("delete one permission"):
    User("me", api=ada).delete_permissions(params={"permission": "email"})
    data = inspect(token)
    equal(data["is_valid"], True)
    assert "email" not in data["scopes"] and "pages_show_list" in data["scopes"]

with call("system user: create, refresh, delete access_tokens"):
    id = world.sim("POST", "system_users", {"app": STRICT, "name": "clockwork"})["id"]
    order = {"app": STRICT, "system_user": id, "scopes": ["business_management"]}
    first = world.token("system_user", validity="never", **order)
    clockwork = User(id, api=api(first))
    made = clockwork.create_access_token(params={
        "business_app": STRICT,
        "scope": ["business_management", "pages_show_list"],
        "set_token_expires_in_60_days": True,
    })["access_token"]
    data = inspect(made)
    equal((data["type"], data["user_id"]), ("SYSTEM_USER", id))
    equal(sorted(data["scopes"]), ["business_management", "pages_show_list"])
    equal(data["expires_at"] - data["issued_at"], 60 * 86400)
    world.advance("30d")
    answer = exchange(made, set_token_expires_in_60_days=True)
    equal(answer["expires_in"], 60 * 86400)
    clockwork.delete_access_tokens()
    equal(inspect(answer["access_token"])["is_valid"], False)

with call("revoke"):
    victim = world.long_lived(STRICT)
    answer = ada.call("GET", ("oauth", "revoke"), CREDENTIALS | {"revoke_token": victim})
    assert answer.is_success()
    equal(inspect(victim)["error"]["subcode"], 466)

with call("error: wrong client secret"):
    with refusal(FacebookRequestError) as caught:
        get(("oauth", "access_token"), grant_type="client_credentials", client_id=STRICT,
            client_secret="wrong")
    assert "client secret" in caught.error.api_error_message()

with call("error: changed password, 190/460"):
    world.sim("POST", "actions", {"what": "change_password", "person": PERSON})
    with refusal(FacebookRequestError) as caught:
        User("me", api=ada).api_get()
    equal((caught.error.api_error_code(), caught.error.api_error_subcode()), (190, 460))
    equal(caught.error.http_status(), 400)

with call("error: expired token, 190/463"):
    late = world.long_lived(STRICT)
    world.advance("61d")
    with refusal(FacebookRequestError) as caught:
        User("me", api=api(late)).api_get()
    equal((caught.error.api_error_code(), caught.error.api_error_subcode()), (190, 463))
    with refusal(FacebookRequestError) as caught:
        exchange(late)
    equal((caught.error.api_error_code(), caught.error.api_error_subcode()), (190, 463))

with call("delete all permissions, 190/458"):
    again = api(world.long_lived(STRICT))
    User("me", api=again).delete_permissions()
    with refusal(FacebookRequestError) as caught:
        User("me", api=again).api_get()
    equal((caught.error.api_error_code(), caught.error.api_error_subcode()), (190, 458))

with call("error: throttled, code 4"):
    world.throttle(STRICT)
    with refusal(FacebookRequestError) as caught:
        inspect("anything")
    equal((caught.error.api_error_code(), caught.error.api_transient_error()), (4, True))
