"""Stores tokens in a Secret of Kubernetes, each under its name. The Secret must exist.

KUBERNETES_URL           https://kubernetes.default.svc by default
KUBERNETES_NAMESPACE     default by default
KUBERNETES_SECRET        the name of the Secret
KUBERNETES_TOKEN_FILE    holds a token of a service account that may patch the Secret; by default that of the pod
KUBERNETES_CA_FILE       holds the certificate of the authority that signed the server's; by default that of the pod
"""
import base64
import os
import ssl

from api import call, read_file
from receiver import fetch, serve

POD = "/var/run/secrets/kubernetes.io/serviceaccount"


def store(name, version):
    server = os.environ.get("KUBERNETES_URL", "https://kubernetes.default.svc")
    namespace, secret = os.environ.get("KUBERNETES_NAMESPACE", "default"), os.environ["KUBERNETES_SECRET"]
    headers = {
        "Authorization": f"Bearer {read_file('KUBERNETES_TOKEN_FILE', f'{POD}/token')}",
        "Content-Type": "application/merge-patch+json",
    }
    trusted = ssl.create_default_context(cafile=os.environ.get("KUBERNETES_CA_FILE", f"{POD}/ca.crt"))
    token = base64.b64encode(fetch(name, version).encode()).decode()
    url = f"{server}/api/v1/namespaces/{namespace}/secrets/{secret}"
    call("PATCH", url, headers, {"data": {name: token}}, context=trusted)


if __name__ == "__main__":
    serve(store)
