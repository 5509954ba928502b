"""What a form said, as text: a file in the place of a field is no text."""

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict, State
from litestar.exceptions import ClientException


async def whole_form(request: Request[Any, Any, Any]) -> FormMultiDict:
    """All of the form. Raises ClientException for what is no text."""
    try:
        return await request.form()
    except UnicodeDecodeError as cause:
        raise ClientException("What a form says is text in UTF-8.") from cause


async def form_of(request: Request[None, None, State], *names: str) -> dict[str, str]:
    """These fields of the form; one that is missing is empty."""
    form = await whole_form(request)
    return {name: value if isinstance(value := form.get(name), str) else "" for name in names}
