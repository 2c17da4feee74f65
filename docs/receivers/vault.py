"""Stores tokens in HashiCorp Vault, in a KV store of version 2.

VAULT_ADDR          such as https://vault.example.com:8200
VAULT_TOKEN_FILE    holds a token of Vault that may read metadata, and create and update data
VAULT_MOUNT         secret by default
VAULT_PATH          perennial/{name} by default
"""
import os
from urllib import error, parse

from api import call, read_file
from receiver import fetch, serve


def store(name, version):
    mount = f"{os.environ['VAULT_ADDR']}/v1/{os.environ.get('VAULT_MOUNT', 'secret')}"
    path = parse.quote(os.environ.get("VAULT_PATH", "perennial/{name}").replace("{name}", name))
    headers = {"X-Vault-Token": read_file("VAULT_TOKEN_FILE")}
    try:
        current = call("GET", f"{mount}/metadata/{path}", headers)["data"]["current_version"]
    except error.HTTPError as refused:
        if refused.code != 404:
            raise
        current = 0
    # The token is fetched after that. Vault refuses it if another version was written in between, which may be newer.
    data = {"access_token": fetch(name, version), "version": version}
    call("POST", f"{mount}/data/{path}", headers, {"options": {"cas": current}, "data": data})


if __name__ == "__main__":
    serve(store)
