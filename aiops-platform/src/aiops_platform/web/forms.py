"""What a form said, as text: a file in the place of a field is no text."""

from litestar import Request
from litestar.datastructures import State


async def form_of(request: Request[None, None, State], *names: str) -> dict[str, str]:
    """These fields of the form; one that is missing is empty."""
    form = await request.form()
    return {name: value if isinstance(value := form.get(name), str) else "" for name in names}
