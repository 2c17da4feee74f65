"""The community's facebook-sdk, mostly on the app without proofs, for it does not sign by itself.

It has no setting for the address of the Graph, but takes a session of the HTTP library below it."""

import http.server
import json
import urllib.parse

import facebook
import requests

import browser
import simulator as world
from simulator import EASY, EASY_SECRET, PAGES, PERSON, STRICT, STRICT_SECRET, call, equal, refusal

REAL = "https://graph.facebook.com"


class Mapping(requests.adapters.HTTPAdapter):
    """Sends what is meant for Meta to the simulator, as a line in the hosts file would."""

    def send(self, request, **settings):
        request.url = request.url.replace(REAL, world.GRAPH, 1)
        return super().send(request, **settings)


session = requests.Session()
session.mount(REAL, Mapping())


def graph(access_token=None, version="3.1"):
    return facebook.GraphAPI(access_token, version=version, session=session)


def inspect(token):
    return graph().debug_access_token(token, EASY, EASY_SECRET)["data"]


def subcode(error):
    return error.result["error"].get("error_subcode")


with call("client_credentials"):
    token = graph().get_app_access_token(EASY, EASY_SECRET)
    equal(inspect(token)["type"], "APP")

with call("login url and code"):
    url = graph().get_auth_url(EASY, world.CALLBACK, ["email", "pages_show_list"], state="s1")
    answer = browser.query(browser.log_in(url))
    equal(answer["state"], "s1")
    code = answer["code"]
    answer = graph().get_access_token_from_code(code, world.CALLBACK, EASY, EASY_SECRET)
    short = answer["access_token"]
    assert 0 < answer["expires_in"] <= 2 * 3600
    equal(inspect(short)["user_id"], PERSON)

with call("error: code used twice, 100/36009"):
    with refusal(facebook.GraphAPIError) as caught:
        graph().get_access_token_from_code(code, world.CALLBACK, EASY, EASY_SECRET)
    equal((caught.error.code, subcode(caught.error)), (100, 36009))

with call("long-lived exchange"):
    answer = graph(short).extend_access_token(EASY, EASY_SECRET)
    equal(answer["expires_in"], 60 * 86400)
    ada = graph(answer["access_token"])
    equal(world.ledger("exchange")["calls"]["exchange"], {"calls": 1, "errors": 0})

with call("debug_token"):
    data = inspect(ada.access_token)
    equal((data["type"], data["user_id"], data["is_valid"]), ("USER", PERSON, True))
    equal(data["expires_at"] - data["issued_at"], 60 * 86400)

with call("me"):
    me = ada.get_object("me", fields="id,name,email")
    equal(me, {"id": PERSON, "name": world.PERSON_NAME, "email": f"{PERSON}@example.com"})

with call("ids"):
    found = ada.get_objects(PAGES[:2], fields="name")
    equal({id: page["name"] for id, page in found.items()}, {"2001": "Bakery", "2002": "Butchery"})

with call("me/accounts"):
    page = ada.get_connections("me", "accounts", limit=3, summary=1)
    equal((len(page["data"]), page["summary"]["total_count"]), (3, 7))

with call("me/accounts to its end"):
    pages = list(ada.get_all_connections("me", "accounts", limit=3))
    equal([page["id"] for page in pages], PAGES)

with call("page token by field"):
    page = ada.get_object(PAGES[0], fields="access_token")
    equal(page["access_token"], pages[0]["access_token"])
    equal(graph(page["access_token"]).get_object("me")["name"], "Bakery")

with call("page token withheld"):
    equal(ada.get_object(world.CLIENT_PAGE, fields="access_token"), {"id": world.CLIENT_PAGE})

with call("permissions"):
    equal(ada.get_permissions("me"), {"public_profile", "email", "pages_show_list"})

with call("version falls forward"):
    equal(ada.get_version(), "21.0")

with call("batch with mixed tokens"):
    members = [
        {"method": "GET", "relative_url": "me?fields=name"},
        {"method": "GET", "relative_url": f"me?access_token={page['access_token']}"},
        {"method": "GET", "relative_url": f"debug_token?input_token={short}&access_token={token}"},
        {"method": "GET", "relative_url": "nobody"},
    ]
    answers = ada.request("", post_args={"batch": json.dumps(members)})
    equal([answer["code"] for answer in answers], [200, 200, 200, 400])
    me, bakery, inspected, error = (json.loads(answer["body"]) for answer in answers)
    equal((me["name"], bakery["name"]), (world.PERSON_NAME, "Bakery"))
    equal((inspected["data"]["user_id"], error["error"]["code"]), (PERSON, 100))

with call("appsecret_proof"):
    strict = graph(world.long_lived(STRICT))
    proof = world.proof(strict.access_token, STRICT_SECRET)
    equal(strict.get_object("me", appsecret_proof=proof)["id"], PERSON)

with call("appsecret_proof required"):
    with refusal(facebook.GraphAPIError) as caught:
        strict.get_object("me")
    equal((caught.error.type, caught.error.code), ("GraphMethodException", 100))

with call("delete one permission"):
    ada.delete_object("me/permissions/email")
    equal(ada.get_permissions("me"), {"public_profile", "pages_show_list"})

with call("error: debug_token about another app's token"):
    with refusal(facebook.GraphAPIError) as caught:
        inspect(strict.access_token)
    equal(caught.error.code, 100)

with call("error: expired token, 190/463"):
    world.advance("61d")
    with refusal(facebook.GraphAPIError) as caught:
        ada.get_object("me")
    equal((caught.error.type, caught.error.code), ("OAuthException", 190))
    equal(subcode(caught.error), 463)
    equal(inspect(ada.access_token)["error"]["subcode"], 463)

with call("deauthorize callback, signature"):
    received = []

    class Callback(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Callback)
    server.timeout = 10
    address = f"http://127.0.0.1:{server.server_port}/"
    world.sim("POST", "apps", {"id": "1009", "secret": "s9", "deauthorize_url": address})
    graph(world.long_lived("1009")).delete_object("me/permissions")
    server.handle_request()
    fields = dict(urllib.parse.parse_qsl(received[0]))
    payload = facebook.parse_signed_request(fields["signed_request"], "s9")
    equal((payload["user_id"], payload["algorithm"]), (PERSON, "HMAC-SHA256"))
    equal(facebook.parse_signed_request(fields["signed_request"], "wrong"), False)

with call("error: throttled, code 4"):
    world.throttle(EASY)
    with refusal(facebook.GraphAPIError) as caught:
        inspect("anything")
    equal(caught.error.code, 4)
