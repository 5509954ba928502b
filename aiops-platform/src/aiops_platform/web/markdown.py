"""What people write in Markdown, as HTML that can do no harm: no HTML of theirs, no pictures, links of three kinds only."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from aiops_platform.web.cut import visible

_SCHEMES = ("http", "https", "mailto")
# A picture would tell a stranger's server who reads this, and a heading would stand among those of the page.
_LEFT_OUT = ("image", "html_block", "html_inline", "heading", "lheading")


def rendered(text: str) -> Markup:
    """The text as HTML."""
    return Markup(_MARKDOWN.render(visible(text)))  # noqa: S704 (made by a renderer that escapes what people wrote)


def _is_link(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


class _Renderer(RendererHTML):
    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]) -> str:
        """A link that lends nobody our name, and does not say where it was followed."""
        tokens[index].attrSet("rel", "nofollow noopener noreferrer")
        return self.renderToken(tokens, index, options, dict(env))


def _made() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer).disable(
        list(_LEFT_OUT)
    )
    markdown.validateLink = _is_link  # type: ignore[method-assign]  # the library's own way to say it
    return markdown


_MARKDOWN = _made()
