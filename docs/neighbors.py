#!/usr/bin/env python3
"""A preprocessor of mdBook: takes pages beside src/ into the book as chapters. A link to another file of the project, such
as a program, becomes its words alone. Without it, such links would work on GitHub and be dead in the built book."""

import json
import os
import re
import sys

# From the root of the checkout, with the name of the chapter in the book.
NEIGHBORS = {
    "docs/clients/README.md": "clients.md",
    "docs/receivers/README.md": "receivers.md",
    "CHANGELOG.md": "changelog.md",
}
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
# Not a picture, whose words are no text.
LINK = re.compile(r"(?<!!)\[([^]\[]*)\]\(([^()\s:#]+)(#[^()\s]*)?\)")


def adapted(text, page):
    """The text of a page, with links that work from where its chapter is."""
    chapter = NEIGHBORS.get(page, page.removeprefix("docs/src/"))

    def link(match):
        words, target, heading = match.groups()
        path = os.path.normpath(os.path.join(os.path.dirname(page), target))
        in_book = NEIGHBORS.get(path) or path.removeprefix("docs/src/")
        if path in NEIGHBORS or path.startswith("docs/src/"):
            return f"[{words}]({os.path.relpath(in_book, os.path.dirname(chapter) or '.')}{heading or ''})"
        if not os.path.exists(os.path.join(ROOT, path)):
            sys.exit(f"{page}: there is no {target}")
        return words

    return LINK.sub(link, text)


def chapters(items):
    for item in items:
        if "Chapter" in item:
            yield item["Chapter"]
            yield from chapters(item["Chapter"]["sub_items"])


def neighbor(page, chapter):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        text = file.read()
    name = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
    return {"Chapter": {"name": name, "content": adapted(text, page), "number": None, "sub_items": [], "path": chapter,
                        "source_path": None, "parent_names": []}}


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    items = book["items"]
    for chapter in chapters(items):
        if chapter["path"]:
            chapter["content"] = adapted(chapter["content"], "docs/src/" + chapter["path"])
    items.extend(neighbor(page, chapter) for page, chapter in NEIGHBORS.items())
    json.dump(book, sys.stdout)


main()
