"""The executed notebook as one HTML file that needs no network and runs no script."""

from __future__ import annotations

import base64
import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import mistune
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

_FORMATTER = HtmlFormatter(nowrap=True)
_LEXER = PythonLexer()
_MARKDOWN = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STYLE = """
body{margin:0 auto;max-width:62rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff}
.cell{margin:0 0 1rem}.code{display:grid;grid-template-columns:5rem minmax(0,1fr);gap:0 .5rem}
.prompt{font:13px/1.5 monospace;color:#5b6572;text-align:right;padding-top:.5rem}
pre{margin:0;padding:.5rem .75rem;font:13px/1.5 monospace;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.source{background:#f6f8fa;border:1px solid #dfe3e8;border-radius:4px}.stderr{background:#fff1e5}
.error{background:#ffebe9;border-left:3px solid #cf222e}.skipped .source{opacity:.55}
.shown{overflow:auto;padding:.25rem .75rem}img{max-width:100%}
table{border-collapse:collapse;font-size:13px}td,th{padding:.25rem .6rem;border-bottom:1px solid #dfe3e8;text-align:right}
.parameters td,.parameters th{text-align:left}
code{background:#f6f8fa;padding:0 .2em}
@media(max-width:40rem){.code{grid-template-columns:1fr}.prompt{text-align:left}}
"""
_ALLOWED = set(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img "
    "kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead time tr u ul var".split()
)
_VOID = {"br", "col", "hr", "img"}
_ATTRIBUTES = {"align", "alt", "border", "class", "colspan", "height", "href", "rowspan", "scope", "span", "src", "start", "style", "title", "width"}


def page(title: str, parameters: list[dict[str, Any]], cells: list[dict[str, Any]], statuses: list[str]) -> str:
    """The whole page."""
    body = _parameters(parameters) + "\n".join(_cell(cell, status) for cell, status in zip(cells, statuses))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}{_FORMATTER.get_style_defs('.source')}</style>\n"
        f"</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    """What each parameter is by itself, and in this run."""
    if not parameters:
        return ""
    rows = "".join(_parameter(one) for one in parameters)
    heads = "<tr><th>Parameter</th><th>Type</th><th>Default</th><th>Value of this run</th></tr>"
    return f'<section class="cell parameters"><table><thead>{heads}</thead><tbody>{rows}</tbody></table></section>\n'


def _parameter(one: dict[str, Any]) -> str:
    default = one["default"] if one["known"] else "not in the notebook"
    value = repr(one["value"]) if one["given"] else "the default"
    texts = (one["name"], one["type"] or "any", default or "", value)
    return "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in texts) + "</tr>"


def _cell(cell: dict[str, Any], status: str) -> str:
    source = cell["source"]
    if cell["cell_type"] == "markdown":
        return f'<section class="cell">{cleaned(str(_MARKDOWN(source)))}</section>'
    if cell["cell_type"] == "raw":
        return f'<section class="cell"><pre>{html.escape(source)}</pre></section>'
    number = cell["execution_count"]
    prompt = f"In [{number if number is not None else ' '}]:"
    rows = [f'<div class="prompt">{prompt}</div><pre class="source">{highlight(source, _LEXER, _FORMATTER)}</pre>']
    for output in cell["outputs"]:
        told = f"Out[{output['execution_count']}]:" if output["output_type"] == "execute_result" else ""
        rows.append(f'<div class="prompt">{told}</div><div>{_output(output)}</div>')
    return f'<section class="cell code {html.escape(status)}">{"".join(rows)}</section>'


def _output(output: dict[str, Any]) -> str:
    match output["output_type"]:
        case "stream":
            return f'<pre class="{"stderr" if output["name"] == "stderr" else "stdout"}">{_text(output["text"])}</pre>'
        case "error":
            return f'<pre class="error">{_text(chr(10).join(output["traceback"]))}</pre>'
    return _data(output["data"])


def _text(text: str) -> str:
    return html.escape(_ANSI.sub("", text))


def _data(data: dict[str, Any]) -> str:
    for kind in _PICTURES:
        if kind in data:
            return _picture(kind, data[kind])
    if "text/html" in data:
        return f'<div class="shown">{cleaned(str(data["text/html"]))}</div>'
    if "text/markdown" in data:
        return f'<div class="shown">{cleaned(str(_MARKDOWN(str(data["text/markdown"]))))}</div>'
    if "application/json" in data:
        return f"<pre>{_text(json.dumps(data['application/json'], indent=2, ensure_ascii=False))}</pre>"
    for kind in ("text/latex", "text/plain"):
        if kind in data:
            return f"<pre>{_text(str(data[kind]))}</pre>"
    return f"<pre>{_text('(not shown: ' + ', '.join(data) + ')')}</pre>"


def _picture(kind: str, data: Any) -> str:
    text = "".join(data) if isinstance(data, list) else str(data)
    # A picture in an element of its own runs no script, an SVG included.
    coded = base64.b64encode(text.encode()).decode() if kind == "image/svg+xml" else re.sub(r"[^A-Za-z0-9+/=]", "", text)
    return f'<div class="shown"><img alt="" src="data:{kind};base64,{coded}"></div>'


def cleaned(text: str) -> str:
    """HTML with the elements that show something, and without those that do something."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    return "".join(cleaner.parts) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self._dropped: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._dropped = tag
        if tag not in _ALLOWED or self._dropped:
            return
        kept = "".join(
            f' {name}="{html.escape(value or "")}"' for name, value in attributes if _is_harmless(name, value or "")
        )
        self.parts.append(f"<{tag}{kept}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped == tag:
            self._dropped = None
        elif tag in self.open and not self._dropped:
            # What was opened within is closed with it, so that nothing leaves its place.
            while self.open:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.parts.append(html.escape(data, quote=False))


def _is_harmless(name: str, value: str) -> bool:
    if name not in _ATTRIBUTES:
        return False
    flat = re.sub(r"[\s\x00-\x1f]", "", value).lower()
    if name == "href":
        return flat.startswith(("http://", "https://", "mailto:", "#"))
    if name == "src":
        return flat.startswith("data:image/")
    return not (name == "style" and re.search(r"url\(|expression\(|position:|@import", flat))
