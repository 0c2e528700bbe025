"""A read-only REST resource in the manner of Django REST framework, as OnCall's public API has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Thing = dict[str, Any]
Keep = Callable[[Thing, str], bool]

_PER_PAGE = 50


def equals(field: str) -> Keep:
    return lambda thing, wanted: str(thing.get(field)) == wanted


def resource(
    path: str, things: Callable[[], Iterable[Thing]], authorize: Callable[[Request], None], **filters: Keep
) -> list[Route]:
    """List and detail, with and without the trailing slash. Parameters that are no filter are ignored."""

    async def list_(request: Request) -> JSONResponse:
        authorize(request)
        found = list(things())
        for name, keep in filters.items():
            if name in request.query_params:
                found = [thing for thing in found if keep(thing, request.query_params[name])]
        return JSONResponse(_page(request, found))

    async def detail(request: Request) -> JSONResponse:
        authorize(request)
        for thing in things():
            if thing["id"] == request.path_params["id"]:
                return JSONResponse(thing)
        raise HTTPException(404, "Not found.")

    faces = {path: list_, path + "/{id}": detail}
    return [Route(f"/{face}{slash}", endpoint) for face, endpoint in faces.items() for slash in ("", "/")]


def _page(request: Request, found: list[Thing]) -> Thing:
    """A number past the end gives the last page."""
    size = _number(request, "perpage", _PER_PAGE)
    pages = max(1, ceil(len(found) / size))
    number = min(_number(request, "page", 1), pages)

    def neighbour(n: int) -> str | None:
        return str(request.url.include_query_params(page=n)) if 1 <= n <= pages else None

    return {
        "count": len(found),
        "next": neighbour(number + 1),
        "previous": neighbour(number - 1),
        "results": found[(number - 1) * size : number * size],
        "page_size": size,
        "current_page_number": number,
        "total_pages": pages,
    }


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isdigit() or int(given) < 1:
        raise HTTPException(404, "Invalid page.")
    return int(given)
