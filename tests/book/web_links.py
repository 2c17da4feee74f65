"""No link in web pages is dead, to a file or to a heading: web_links.py DIRECTORY."""

import html.parser
import sys
import urllib.parse
from pathlib import Path

FEWEST = 300
# The first repeats all others in one page, the second does not know at which address it is.
LEFT_OUT = ["print.html", "404.html"]


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.names, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.add(attributes.get("id"))
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


def dead(pages, page, link):
    file, _, heading = urllib.parse.unquote(link).partition("#")
    path = (page.parent / file).resolve() if file else page
    if not path.is_file():
        return True
    return bool(heading) and path in pages and heading not in pages[path].names


def main():
    folder = Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in folder.rglob("*.html") if path.name not in LEFT_OUT}
    links = [(page, link) for page, found in pages.items() for link in found.links if "://" not in link]
    links = [(page, link) for page, link in links if not link.startswith(("mailto:", "data:"))]
    found = [f"{page.relative_to(folder)}: {link}" for page, link in links if dead(pages, page, link)]
    if found:
        sys.exit("dead links:\n" + "\n".join(found))
    if len(links) < FEWEST:
        sys.exit(f"only {len(links)} links were found")
    print(f"{len(pages)} pages, {len(links)} links, none of them dead")


main()
