"""What the daemon speaks to besides Meta: a mail server and a receiver of webhooks, each on loopback."""

import email
import email.policy
import http.server
import json
import socketserver
import threading


class MailServer:
    """Takes every email, and remembers whom it was for and its Message-ID."""

    def __init__(self):
        self.emails, server = [], self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220 localhost\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper().strip()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go ahead\r\n")
                        text = b""
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            text += line
                        if line:
                            server.take(text)
                    answers = {b"EHLO": b"250-localhost\r\n250 8BITMIME", b"QUIT": b"221 bye"}
                    self.wfile.write(answers.get(verb, b"250 ok") + b"\r\n")
                    if verb == b"QUIT":
                        return

            def finish(self):
                try:
                    super().finish()
                except OSError:
                    pass

        self.start(Quiet(("127.0.0.1", 0), Session))

    def start(self, server):
        self.server, self.port = server, server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def take(self, text):
        read = email.message_from_bytes(text, policy=email.policy.default)
        self.emails.append((str(read["To"]), str(read["Subject"]), str(read["Message-ID"])))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Quiet(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True

    def handle_error(self, request, client_address):
        """A daemon that ends leaves its connections."""


class Receiver(MailServer):
    """Takes every webhook, and remembers the id and version."""

    def __init__(self):
        self.messages, receiver = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                data = body.get("data", {})
                receiver.messages.append((self.headers["webhook-id"], data.get("token"), data.get("version")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.start(Quiet(("127.0.0.1", 0), Handler))
