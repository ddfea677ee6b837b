"""A self-contained HTML page without script: its policy allows none, nor anything from elsewhere."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from app.base.output import printable

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
body{{margin:1.5rem;font:15px system-ui,sans-serif;color:#1c1c24;background:#fff}}
table{{border-collapse:collapse;margin-top:1rem}}td,th{{border:1px solid #d5d5de;padding:.2rem .5rem;text-align:left}}
td{{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;vertical-align:top}}
{style}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(title: str, style: str, body: str) -> str:
    """The page. style: CSS beside the common one. body: HTML below the title."""
    return PAGE.format(policy=POLICY, title=cell(title), style=style, body=body)


def cell(text: str) -> str:
    """A text escaped for XML and HTML, without characters that they do not allow."""
    return escape(printable(text), {'"': "&quot;", "'": "&#39;"})
