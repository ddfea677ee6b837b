"""Self-contained HTML pages: nothing is fetched from elsewhere, and no script runs but the one that the page's policy
names by its hash."""

from __future__ import annotations

import base64
import functools
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from app.base.output import printable
from perception.base.digest import sha256_of
from perception.base.files import read_text

ASSETS: Final = Path(__file__).parent / "assets"
PAGE: Final = """\
<!DOCTYPE html>
<html lang="en" data-alone>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body class="{kind}">
<main>
<h1>{title}</h1>
{body}
</main>
{script}</body>
</html>
"""


@functools.cache
def asset(name: str) -> str:
    """The text of a file in assets/."""
    return read_text(ASSETS / name, "part of a page")


def page(title: str, body: str, *, style: str = "", tree: bool = False, whole: bool = False) -> str:
    """The page. body: HTML below the title. style: a file of assets/ beside the common ones. tree: it has a
    `tree_view`. whole: the body fills the window and scrolls within itself."""
    script = asset("tree.js") if tree else ""
    digest = base64.b64encode(bytes.fromhex(sha256_of([script.encode()]))).decode()
    scripts = f" script-src 'sha256-{digest}';" if tree else ""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline';{scripts} img-src data:; media-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    names = ["base.css", "alone.css", *(["tree.css"] * tree), *([style] * bool(style))]
    return PAGE.format(
        policy=policy,
        title=cell(title),
        style="\n".join(map(asset, names)),
        body=body,
        kind="whole" if whole else "text",
        script=f"<script>{script}</script>\n" if tree else "",
    )


def cell(text: str) -> str:
    """A text escaped for XML and HTML, without characters that they do not allow."""
    return escape(printable(text), {'"': "&quot;", "'": "&#39;"})
