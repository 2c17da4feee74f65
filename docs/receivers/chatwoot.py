"""Stores tokens in inboxes of Chatwoot: a WhatsApp Cloud inbox gets the token itself. A Facebook inbox needs a person's
token, from which Chatwoot derives that of its page. The inboxes must exist.

CHATWOOT_URL           such as https://chat.example.com
CHATWOOT_ACCOUNT       the number of the account, as in the address of its dashboard
CHATWOOT_TOKEN_FILE    holds the access token of an administrator, from Profile settings
CHATWOOT_INBOXES       the numbers of the inboxes for each token: acme-whatsapp=7 acme-maria=8,9
"""
import os

from api import call, read_file
from receiver import fetch, serve


def store(name, version):
    inboxes = dict(pair.split("=", 1) for pair in os.environ["CHATWOOT_INBOXES"].split())
    account = f"{os.environ['CHATWOOT_URL']}/api/v1/accounts/{int(os.environ['CHATWOOT_ACCOUNT'])}"
    headers = {"api_access_token": read_file("CHATWOOT_TOKEN_FILE")}
    for inbox in map(int, inboxes[name].split(",")):
        url = f"{account}/inboxes/{inbox}"
        now = call("GET", url, headers)
        if now["channel_type"] == "Channel::Whatsapp":
            # Chatwoot replaces the settings as a whole, so the others go along.
            settings = {**now["provider_config"], "api_key": fetch(name, version)}
            call("PATCH", url, headers, {"channel": {"provider_config": settings}})
        elif now["channel_type"] == "Channel::FacebookPage":
            body = {"inbox_id": inbox, "omniauth_token": fetch(name, version)}
            call("POST", f"{account}/callbacks/reauthorize_page", headers, body)
        else:
            raise ValueError(f"inbox {inbox} is a {now['channel_type']}")


if __name__ == "__main__":
    serve(store)
