"""Stores tokens in AWS Secrets Manager, with the program aws. The secret must exist.

AWS_SECRET_ID    perennial/{name} by default
The program aws reads its own settings, such as AWS_REGION and AWS_SHARED_CREDENTIALS_FILE.
"""
import hashlib
import json
import os
import subprocess
import tempfile

from receiver import fetch, serve


def store(name, version):
    token = fetch(name, version)
    # With the same request token AWS stores a version once. The access token is part of it, because versions start
    # again at 1 when a token is removed from Perennial and imported again.
    request_token = hashlib.sha256(f"{name} {version} {token}".encode()).hexdigest()
    # A private file, in memory if systemd made the folder: arguments can be seen by everybody.
    with tempfile.NamedTemporaryFile("w", dir=os.environ.get("RUNTIME_DIRECTORY")) as file:
        json.dump({"access_token": token, "version": version}, file)
        file.flush()
        put = ["aws", "secretsmanager", "put-secret-value", "--client-request-token", request_token]
        put += ["--secret-id", os.environ.get("AWS_SECRET_ID", "perennial/{name}").replace("{name}", name)]
        put += ["--secret-string", f"file://{file.name}"]
        subprocess.run(put, check=True, stdout=subprocess.DEVNULL, timeout=10)


if __name__ == "__main__":
    serve(store)
