"""Stores tokens in credentials of n8n. The credentials must exist.

N8N_URL             such as https://n8n.example.com
N8N_API_KEY_FILE    holds an API key with the scope credential:update
N8N_CREDENTIALS     the ID of the credential for each token: acme-bakery=aBc123 acme-cafe=dEf456
N8N_FIELD           the field that takes the token: accessToken by default, as in the type "Facebook Graph API"
"""
import os
from urllib import parse

from api import call, read_file
from receiver import fetch, serve


def store(name, version):
    credentials = dict(pair.split("=", 1) for pair in os.environ["N8N_CREDENTIALS"].split())
    url = f"{os.environ['N8N_URL']}/api/v1/credentials/{parse.quote(credentials[name])}"
    field = os.environ.get("N8N_FIELD", "accessToken")
    # Other fields of the credential stay as they are.
    body = {"data": {field: fetch(name, version)}, "isPartialData": True}
    call("PATCH", url, {"X-N8N-API-KEY": read_file("N8N_API_KEY_FILE")}, body)


if __name__ == "__main__":
    serve(store)
