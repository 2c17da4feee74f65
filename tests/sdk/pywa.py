"""pywa, a client of the WhatsApp Cloud API, with the token that an embedded signup gives.

It knows one address, but takes a client of the HTTP library below it."""

import sys

# This file has the name of the library that it tests.
sys.path.append(sys.path.pop(0))

import httpx
import pywa
from pywa import errors

import simulator as world
from simulator import EASY, EASY_SECRET, call, equal, refusal, sim

REAL = "https://graph.facebook.com"
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]


class Mapping(httpx.HTTPTransport):
    """Sends what is meant for Meta to the simulator, as a line in the hosts file would."""

    def handle_request(self, request):
        request.url = httpx.URL(str(request.url).replace(REAL, world.GRAPH, 1))
        return super().handle_request(request)


def client_with(token):
    return pywa.WhatsApp(token=token, session=httpx.Client(transport=Mapping()))


def signup(validity="sixty_days"):
    order = {"app": EASY, "business": business, "scopes": SCOPES, "validity": validity}
    return sim("POST", "codes", {**order, "whatsapp_accounts": [account]})["code"]


def redeem(code):
    return anyone.api.get_business_access_token(EASY, EASY_SECRET, code)


def truth(token):
    return sim("GET", f"tokens?token={token}")


business = sim("POST", "businesses", {"name": "Bakery Ltd"})["id"]
account = sim("POST", "whatsapp_accounts", {"business": business, "name": "Bakery"})["id"]
anyone = client_with("none")

with call("client_credentials"):
    token = anyone.get_app_access_token(EASY, EASY_SECRET)
    assert token.startswith(f"{EASY}|"), "it is no token of the app"

with call("embedded signup's code for a business token of 60 days"):
    code = signup()
    answer = redeem(code)
    token = answer["access_token"]
    equal((answer["token_type"], answer["expires_in"]), ("bearer", 60 * 24 * 3600))
    equal(truth(token)["kind"], "system_user")

with call("embedded signup's code for a business token that never expires"):
    answer = redeem(signup("never"))
    assert "expires_in" not in answer, "it expires"
    equal(truth(answer["access_token"])["expires_at"], None)

with call("error: code used twice, 100/36009"):
    with refusal(errors.WhatsAppError) as caught:
        redeem(code)
    equal((caught.error.code, caught.error.subcode), (100, 36009))

whatsapp = client_with(token)

with call("the account"):
    found = whatsapp.get_business_account(waba_id=account)
    equal((found.id, found.name), (account, "Bakery"))

with call("its phone numbers"):
    numbers = list(whatsapp.get_business_phone_numbers(waba_id=account))
    equal([number.verified_name for number in numbers], ["Bakery"])

with call("subscribe the app to the account, and list it"):
    subscribed = whatsapp.api.set_waba_alternate_callback_url(account, "https://app.example/hook", "v")
    equal(subscribed, {"success": True})
    apps = whatsapp.api.get_waba_subscribed_apps(account)["data"]
    equal([app["whatsapp_business_api_data"]["id"] for app in apps], [EASY])

with call("error: the account is taken away, 200"):
    sim("POST", "actions", {"what": "unshare_whatsapp_account", "app": EASY, "account": account})
    with refusal(errors.APIPermission) as caught:
        whatsapp.get_business_account(waba_id=account)
    equal(caught.error.code, 200)
    assert truth(token)["alive"], "the token died with it"

with call("error: the token has expired, 190"):
    world.advance("61d")
    with refusal(errors.ExpiredAccessToken) as caught:
        whatsapp.get_business_account(waba_id=account)
    equal((caught.error.code, caught.error.subcode), (190, 463))
