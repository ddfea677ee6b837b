"""What `mkdocs build` does beside rendering docs/: it adds the generated reference, and copies of linked source files.

Pages link to files of the repository with relative paths, which also work where the repository is read. On the site
such a file is a copy below `source/`; a Markdown file becomes a page.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from reference import PAGES  # mkdocs has the folder of its hooks on the path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()([^)#:\s]+)")
AT_ROOT = ("CHANGELOG.md", "CONTRIBUTING.md")


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages, the pages that stand at the root of the repository, and every linked source file."""
    linked: set[str] = set()
    for file in files.documentation_pages():
        linked |= {
            where for _, target in LINK.findall(file.content_string) if (where := _outside(file.src_uri, target))
        }
    for path, make in PAGES.items():
        files.append(File.generated(config, path, content=make()))
    for name in AT_ROOT:
        files.append(File.generated(config, name, content=(ROOT / name).read_text()))
    for where in sorted(linked - set(AT_ROOT)):
        files.append(File.generated(config, f"source/{where}", abs_src_path=str(ROOT / where)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links that lead out of docs/ to their copies, and those of the pages at the root to the pages in docs/."""
    uri = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        target = link.group(2)
        if uri in AT_ROOT:
            return link.group(1) + target.removeprefix("docs/")
        where = _outside(uri, target)
        if not where:
            return link.group()
        copy = where if where in AT_ROOT else f"source/{where}"
        return link.group(1) + os.path.relpath(copy, os.path.dirname(uri) or ".")

    return LINK.sub(moved, markdown)


def _outside(uri: str, target: str) -> str:
    """The path below the root of the repository that a link of a page in docs/ means; "" if it stays in docs/."""
    if uri in AT_ROOT or uri.startswith("source/"):
        return ""
    path = os.path.normpath(os.path.join("docs", os.path.dirname(uri), target))
    return "" if path.startswith("docs/") or not (ROOT / path).is_file() else path
