"""Reads emails with Python's own mail library, which did not write them, and holds them to the standards."""

from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

STRICT = policy.default + policy.strict


def read(raw):
    """An email taken apart; whatever is not as the standards have it fails."""
    assert raw.isascii(), "the email is not all ASCII"
    longest = max(len(line) for line in raw.splitlines())
    assert longest <= 998, f"a line of {longest} characters"
    head, _, _ = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    ours = [line for line in head.split(b"\n") if not line.startswith((b"Received", b"\t", b"Return-Path"))]
    assert max(map(len, ours)) <= 78, "a header is not folded"
    email = message_from_bytes(raw, policy=STRICT)
    for part in email.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            assert not value.defects, f"{name}: {value.defects}"
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "Auto-Submitted"):
        assert len(email.get_all(name, [])) == 1, f"{name} stands {len(email.get_all(name, []))} times"
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["List-Id"].endswith("<perennial.example.com>"), email["List-Id"]
    assert email["Message-ID"].startswith("<") and email["Message-ID"].endswith("@example.com>")
    assert parsedate_to_datetime(email["Date"]).tzinfo is not None
    assert email.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in email.iter_parts()]
    assert kinds == ["text/plain", "text/html"], kinds
    for part in email.iter_parts():
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] in ("7bit", "quoted-printable", "base64")
        assert "\N{REPLACEMENT CHARACTER}" not in part.get_content()
    text, html = (part.get_content() for part in email.iter_parts())
    assert "<html" in html and "</html>" in html and "<" not in text.splitlines()[0]
    return email


def text(email):
    return email.get_body(("plain",)).get_content()


def html(email):
    return email.get_body(("html",)).get_content()
