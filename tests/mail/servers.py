"""Mail servers on loopback that we did not write: a Postfix of our own, and aiosmtpd. And what breaks between."""

import base64
import contextlib
import os
import pwd
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

HOST = "127.0.0.1"
USER, PASSWORD = "perennial", "correct horse battery staple"
# Between a client's last word before an email and the email itself.
EMAIL = 4000


def free_port():
    """Below those that the system hands out, so that nobody else gets it before it is used."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"after {seconds} s still no {what}")


def answers(port):
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


class Authority:
    """Vouches for `localhost`, and nobody knows it but who is told."""

    def __init__(self, folder):
        folder.mkdir()
        self.ca, self.certificate, self.key = (folder / name for name in ("ca.pem", "server.pem", "server.key"))
        ca_key, request, extension = folder / "ca.key", folder / "server.csr", folder / "server.ext"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        run("openssl", "req", "-x509", *new_key, "-keyout", ca_key, "-out", self.ca, "-days", "2",
            "-subj", "/CN=Authority of the mail tests", "-addext", "basicConstraints=critical,CA:TRUE")
        run("openssl", "req", *new_key, "-keyout", self.key, "-out", request, "-subj", "/CN=localhost")
        extension.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                             "extendedKeyUsage=serverAuth\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial",
            "-out", self.certificate, "-days", "2", "-extfile", extension)


class Postfix:
    """An instance of its own, with queue and configuration in a scratch folder; ended by its process id."""

    def __init__(self, folder, authority, people, greylist_port):
        folder.mkdir()
        self.folder = folder
        self.mail, self.port, self.full, self.grey = folder / "mail", free_port(), free_port(), free_port()
        conf, queue, data = (folder / name for name in ("conf", "queue", "data"))
        for part in (conf, queue, data, self.mail):
            part.mkdir()
        postfix = pwd.getpwnam("postfix")
        os.chown(data, postfix.pw_uid, postfix.pw_gid)
        nobody = pwd.getpwnam("nobody")
        os.chown(self.mail, nobody.pw_uid, nobody.pw_gid)
        self.log = folder / "postfix.log"
        boxes = " ".join(f"{{ {name}@example.com = {name}/ }}" for name in people)
        (conf / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
maillog_file = {self.log}
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.com
mydestination =
inet_interfaces = {HOST}
inet_protocols = ipv4
alias_maps =
local_transport = error:nobody lives here
default_transport = error:no mail leaves this machine
virtual_mailbox_domains = example.com
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {authority.certificate}
smtpd_tls_key_file = {authority.key}
smtpd_tls_security_level = encrypt
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{HOST}:{Doorkeeper().port}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_peername_lookup = no
""")
        services = ["pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                    "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
                    "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "error unix - - n - - error",
                    "retry unix - - n - - error", "virtual unix - n n - - virtual", "anvil unix - - n - 1 anvil",
                    "scache unix - - n - 1 scache", "proxymap unix - - n - - proxymap", "tlsmgr unix - - n 1000? 1 tlsmgr",
                    "postlog unix-dgram n - n - 1 postlogd",
                    f"{HOST}:{self.port} inet n - n - - smtpd",
                    f"{HOST}:{self.full} inet n - n - - smtpd -o queue_minfree=1000000000000000",
                    f"{HOST}:{self.grey} inet n - n - - smtpd"
                    f" -o {{smtpd_recipient_restrictions=check_policy_service inet:{HOST}:{greylist_port}}}"]
        (conf / "master.cf").write_text("\n".join(services) + "\n")
        self.conf = conf
        # Postfix walks to its folders as another user.
        for part in [folder, *folder.parents]:
            if part.stat().st_uid == os.getuid() and part.stat().st_mode & 0o777 == 0o700:
                part.chmod(0o711)
        self.process = subprocess.Popen(["postfix", "-c", conf, "start-fg"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True)
        wait_for("Postfix", lambda: answers(self.port) and answers(self.full) and answers(self.grey))

    def box(self, name):
        """The emails of one person, as files."""
        folder = self.mail / name / "new"
        return sorted(folder.iterdir()) if folder.exists() else []

    def said(self, words):
        return self.log.exists() and words in self.log.read_text()

    def stop(self):
        subprocess.run(["postfix", "-c", self.conf, "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process.wait(timeout=30)


class Doorkeeper(threading.Thread):
    """Postfix asks it for logins, by the protocol of Dovecot's authentication server."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rw", newline="\n") as stream:
            stream.write(f"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t{os.getpid()}\nCUID\t1\n"
                         f"COOKIE\t{'0' * 32}\nDONE\n")
            stream.flush()
            for line in stream:
                verb, *words = line.rstrip("\n").split("\t")
                if verb != "AUTH":
                    continue
                answer = next(word.removeprefix("resp=") for word in words if word.startswith("resp="))
                _, user, password = base64.b64decode(answer).decode().split("\0")
                verdict = "OK" if (user, password) == (USER, PASSWORD) else "FAIL"
                stream.write(f"{verdict}\t{words[0]}\tuser={user}\n")
                stream.flush()


class Greylist(threading.Thread):
    """Postfix asks it by its policy protocol: each recipient is told to come back, once."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.seen, self.put_off = set(), 0
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        question = {}
        with connection, connection.makefile("rw", newline="\n") as stream:
            for line in stream:
                key, _, value = line.rstrip("\n").partition("=")
                if key:
                    question[key] = value
                    continue
                recipient, question = question.get("recipient"), {}
                known = recipient in self.seen
                self.seen.add(recipient)
                self.put_off += not known
                stream.write("action=dunno\n\n" if known else "action=450 4.2.0 Greylisted, come back later\n\n")
                stream.flush()


class Proxy(threading.Thread):
    """Stands between the daemon and a server. It may hold back what the server says to an email, and then cut."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.upstream = port
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.holding, self.cut = False, threading.Event()
        self.connections = 0
        self.start()

    def hold_the_answer(self):
        self.holding = True

    def run(self):
        while True:
            client, _ = self.listener.accept()
            self.connections += 1
            try:
                server = socket.create_connection((HOST, self.upstream))
            except OSError:
                client.close()
                continue
            said = [0]
            for source, target, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.carry, args=(source, target, said, counts), daemon=True).start()

    def carry(self, source, target, said, counts):
        try:
            while piece := source.recv(65536):
                if counts:
                    said[0] += len(piece)
                elif self.holding and said[0] > EMAIL:
                    # The email is with the server, and nobody will hear of it.
                    self.cut.wait(60)
                    self.holding = False
                    break
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Second:
    """aiosmtpd: TLS from the first byte, with a login."""

    def __init__(self, authority):
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult

        self.taken, self.logins = [], 0
        second = self

        class Keep:
            async def handle_DATA(self, server, session, envelope):
                second.taken.append((list(envelope.rcpt_tos), envelope.content))
                return "250 2.0.0 kept"

        def login(server, session, envelope, mechanism, data):
            second.logins += 1
            ok = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=ok)

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.certificate, authority.key)
        self.port = free_port()
        self.controller = Controller(Keep(), hostname=HOST, port=self.port, ssl_context=context, authenticator=login,
                                     auth_required=True, auth_require_tls=False)
        self.controller.start()

    def stop(self):
        self.controller.stop()


def needs():
    missing = [name for name in ("postfix", "openssl") if not shutil.which(name)]
    if missing:
        raise SystemExit(f"tests/mail/run: not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        raise SystemExit("tests/mail/run: Postfix starts only as root")
