"""Imitations of the stores: what they have of a token, how they fail, and what a receiver needs to reach them."""

import base64
import http.server
import json
import shlex
import ssl
import threading
from pathlib import Path
from urllib.parse import unquote

TLS = Path(__file__).parent.parent / "fixtures" / "tls"
BIN = Path(__file__).parent / "bin"


class Refusal(Exception):
    """The status of an answer that is not 200."""


class Api(http.server.BaseHTTPRequestHandler):
    """Passes a request on to its store, unless that fails on purpose."""

    timeout = 10

    def do(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        try:
            if self.server.store.fails:
                raise Refusal(503)
            status, answer = 200, self.server.store.take(self.command, unquote(self.path), self.headers, body)
        except Refusal as refusal:
            status, answer = refusal.args[0], {"errors": []}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = do_PATCH = do

    def log_message(self, *_):
        pass


class HttpStore:
    """A store with an HTTP API and a key that a file holds."""

    def __init__(self, folder):
        self.fails, self.folder, self.key = False, folder, folder / "key"
        self.key.write_text(f"key of {type(self).__name__}\n")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.server.store = self
        self.port = self.server.server_port

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()

    def check_key(self, shown):
        if shown != self.key.read_text().strip():
            raise Refusal(403)


class Vault(HttpStore):
    def __init__(self, folder):
        super().__init__(folder)
        self.secrets = {}

    def environment(self):
        return {"VAULT_ADDR": f"http://127.0.0.1:{self.port}", "VAULT_TOKEN_FILE": self.key, "VAULT_MOUNT": "kv"}

    def take(self, method, path, headers, body):
        self.check_key(headers["X-Vault-Token"])
        _, v1, mount, what, *rest = path.split("/")
        versions = self.secrets.setdefault("/".join(rest), [])
        if (v1, mount, method, what) == ("v1", "kv", "GET", "metadata"):
            if not versions:
                raise Refusal(404)
        elif (v1, mount, method, what) == ("v1", "kv", "POST", "data"):
            if body["options"]["cas"] != len(versions):
                raise Refusal(400)
            versions.append(body["data"])
        else:
            raise Refusal(405)
        return {"data": {"current_version": len(versions)}}

    def token(self, name):
        versions = self.secrets.get(f"perennial/{name}")
        return versions[-1]["access_token"] if versions else None


class Kubernetes(HttpStore):
    def __init__(self, folder):
        super().__init__(folder)
        self.data = {"other": "b3RoZXI="}
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def environment(self):
        return {"KUBERNETES_URL": f"https://localhost:{self.port}", "KUBERNETES_NAMESPACE": "bots",
                "KUBERNETES_SECRET": "meta-tokens", "KUBERNETES_TOKEN_FILE": self.key,
                "KUBERNETES_CA_FILE": TLS / "ca.pem"}

    def take(self, method, path, headers, body):
        self.check_key(headers["Authorization"].removeprefix("Bearer "))
        if (method, path) != ("PATCH", "/api/v1/namespaces/bots/secrets/meta-tokens"):
            raise Refusal(404)
        if headers["Content-Type"] != "application/merge-patch+json" or set(body) != {"data"}:
            raise Refusal(415)
        self.data.update(body["data"])
        return {"kind": "Secret"}

    def token(self, name):
        assert self.data["other"] == "b3RoZXI=", self.data
        return base64.b64decode(self.data[name]).decode() if name in self.data else None


class N8n(HttpStore):
    def __init__(self, folder):
        super().__init__(folder)
        self.data = {"aBc123": {"other": "stays"}}

    def environment(self):
        return {"N8N_URL": f"http://127.0.0.1:{self.port}", "N8N_API_KEY_FILE": self.key,
                "N8N_CREDENTIALS": "acme-cafe=dEf456 acme-bakery=aBc123"}

    def take(self, method, path, headers, body):
        self.check_key(headers["X-N8N-API-KEY"])
        if not set(body) <= {"name", "type", "data", "isGlobal", "isResolvable", "isPartialData"}:
            raise Refusal(400)
        if method != "PATCH" or not path.startswith("/api/v1/credentials/"):
            raise Refusal(405)
        id = path.removeprefix("/api/v1/credentials/")
        if id not in self.data:
            raise Refusal(404)
        self.data[id] = {**(self.data[id] if body.get("isPartialData") else {}), **body["data"]}
        return {"id": id, "name": "Acme", "type": "facebookGraphApi"}

    def token(self, name):
        assert self.data["aBc123"]["other"] == "stays", self.data
        return self.data["aBc123"].get("accessToken")


class Chatwoot(HttpStore):
    def __init__(self, folder):
        super().__init__(folder)
        settings = {"api_key": "", "phone_number_id": "101", "business_account_id": "102", "webhook_verify_token": "v"}
        self.whatsapp = {"id": 7, "channel_type": "Channel::Whatsapp", "provider_config": settings}
        self.facebook = {"id": 8, "channel_type": "Channel::FacebookPage", "page_id": "103"}
        self.user_token = None

    def environment(self):
        return {"CHATWOOT_URL": f"http://127.0.0.1:{self.port}", "CHATWOOT_ACCOUNT": "3",
                "CHATWOOT_TOKEN_FILE": self.key, "CHATWOOT_INBOXES": "acme-cafe=6 acme-bakery=7,8"}

    def take(self, method, path, headers, body):
        self.check_key(headers["api_access_token"])
        asked = method, path.removeprefix("/api/v1/accounts/3")
        if asked == ("GET", "/inboxes/7"):
            return self.whatsapp
        if asked == ("GET", "/inboxes/8"):
            return self.facebook
        if asked == ("PATCH", "/inboxes/7"):
            self.whatsapp["provider_config"] = body["channel"]["provider_config"]
            return self.whatsapp
        if asked == ("POST", "/callbacks/reauthorize_page") and body["inbox_id"] == 8:
            self.user_token = body["omniauth_token"]
            return {"data": {"id": 8, "name": "Bakery"}}
        raise Refusal(404)

    def token(self, name):
        settings = dict(self.whatsapp["provider_config"])
        token = settings.pop("api_key") or None
        assert settings == {"phone_number_id": "101", "business_account_id": "102", "webhook_verify_token": "v"}
        assert token == self.user_token, "both inboxes have the same token"
        return token


class LocalStore:
    """A store that is programs and files. It fails while there is the file `fails`."""

    def __init__(self, folder):
        self.folder = folder

    @property
    def fails(self):
        return (self.folder / "fails").exists()

    @fails.setter
    def fails(self, fails):
        (self.folder / "fails").touch() if fails else (self.folder / "fails").unlink()

    def start(self):
        pass

    def stop(self):
        pass


class Aws(LocalStore):
    def environment(self):
        return {"AWS_IMITATION": self.folder, "RUNTIME_DIRECTORY": self.folder}

    def versions(self, name):
        """In the order in which they came."""
        secrets = self.folder / "secrets"
        of_secrets = json.loads(secrets.read_text()) if secrets.exists() else {}
        return [json.loads(value) for value in of_secrets.get(f"perennial/{name}", {}).values()]

    def token(self, name):
        versions = self.versions(name)
        assert [version["version"] for version in versions] == list(range(1, len(versions) + 1)), "each once"
        return versions[-1]["access_token"] if versions else None


class EnvFile(LocalStore):
    def __init__(self, folder):
        super().__init__(folder)
        self.path = folder / ".env"
        self.path.write_text("# The bot\nDEBUG=1\n")
        self.path.chmod(0o640)

    def environment(self):
        restart = f"test ! -e {shlex.quote(str(self.folder))}/fails && cp {shlex.quote(str(self.path))} " \
                  f"{shlex.quote(str(self.folder))}/read-at-start"
        return {"ENV_FILE": self.path, "RESTART_COMMAND": f"sh -c {shlex.quote(restart)}"}

    def token(self, name):
        assert self.path.stat().st_mode & 0o777 == 0o640 and "DEBUG=1" in self.path.read_text()
        assert [path.name for path in self.folder.glob(".env*")] == [".env"], "there is nothing left over"
        at_start = self.folder / "read-at-start"
        lines = at_start.read_text().splitlines() if at_start.exists() else []
        found = [line for line in lines if line.startswith(name.upper().replace("-", "_") + "_TOKEN=")]
        assert len(found) < 2, found
        return found[0].split("=", 1)[1].strip('"') if found else None


STORES = {"vault": Vault, "kubernetes": Kubernetes, "aws": Aws, "n8n": N8n, "chatwoot": Chatwoot, "env_file": EnvFile}
