"""Reads letters with Python's own mail library, which did not write them, and holds them to the standards."""

import email
import email.policy
from email.utils import parsedate_to_datetime

STRICT = email.policy.default + email.policy.strict


def read(raw):
    """A letter taken apart; whatever is not as the standards have it fails."""
    assert raw.isascii(), "the letter is not all ASCII"
    longest = max(len(line) for line in raw.splitlines())
    assert longest <= 998, f"a line of {longest} characters"
    head, _, _ = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    ours = [line for line in head.split(b"\n") if not line.startswith((b"Received", b"\t", b"Return-Path"))]
    assert max(map(len, ours)) <= 78, "a header is not folded"
    letter = email.message_from_bytes(raw, policy=STRICT)
    for part in letter.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            assert not value.defects, f"{name}: {value.defects}"
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "Auto-Submitted"):
        assert len(letter.get_all(name, [])) == 1, f"{name} stands {len(letter.get_all(name, []))} times"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"].endswith("<perennial.example.com>"), letter["List-Id"]
    assert letter["Message-ID"].startswith("<") and letter["Message-ID"].endswith("@example.com>")
    assert parsedate_to_datetime(letter["Date"]).tzinfo is not None
    assert letter.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in letter.iter_parts()]
    assert kinds == ["text/plain", "text/html"], kinds
    for part in letter.iter_parts():
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] in ("7bit", "quoted-printable", "base64")
        assert "\N{REPLACEMENT CHARACTER}" not in part.get_content()
    text, html = (part.get_content() for part in letter.iter_parts())
    assert "<html" in html and "</html>" in html and "<" not in text.splitlines()[0]
    return letter


def text(letter):
    return letter.get_body(("plain",)).get_content()


def html(letter):
    return letter.get_body(("html",)).get_content()
