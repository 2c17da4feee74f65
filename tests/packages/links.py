"""No link between the files of the book is dead: links.py DIRECTORY, where a package has the README and docs/."""

import os
import re
import sys

FEWEST = 100


def prose(path):
    """A page without its code, which is fenced or indented."""
    kept, is_code = [], False
    with open(path, encoding="utf-8") as page:
        for line in page:
            if line.lstrip().startswith("```"):
                is_code = not is_code
            elif not is_code and not line.startswith("    "):
                kept.append(line)
    return "".join(kept)


def anchors(text):
    """What a link can name behind a #, as GitHub and mdBook make it of a heading."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.strip().lower().replace(" ", "-")) for heading in headings}


def is_dead(page, target):
    file, _, heading = target.partition("#")
    path = os.path.join(os.path.dirname(page), file) if file else page
    if not heading:
        return not os.path.exists(path)
    return not os.path.isfile(path) or heading not in anchors(prose(path))


def main():
    root = sys.argv[1]
    links, dead = 0, []
    for folder, _, names in os.walk(root):
        for page in (os.path.join(folder, name) for name in names if name.endswith(".md")):
            for target in re.findall(r"\]\(([^()\s]+)\)", prose(page)):
                if "://" not in target and not target.startswith("mailto:"):
                    links += 1
                    if is_dead(page, target):
                        dead.append(f"{os.path.relpath(page, root)}: {target}")
    if dead:
        sys.exit("dead links:\n" + "\n".join(dead))
    if links < FEWEST:
        sys.exit(f"only {links} links were found")
    print(f"{links} links, none of them dead")


main()
