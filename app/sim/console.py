"""The console: one page in which a person plays the company. It speaks to the people's faces of the vendors."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.sim import cast


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """How a policy names exactly this script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_STYLE, _SCRIPT = _file("console.css"), _file("console.js")
_PAGE = _file("console.html").replace("{{console.css}}", _STYLE).replace("{{console.js}}", _SCRIPT)
# The page shows what others wrote, as text alone; should that ever fail, the browser runs this one script and no other.
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {_source(_STYLE)}; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def routes() -> list[BaseRoute]:
    return [Route("/", _page), Route("/cast", _cast)]


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


async def _cast(_: Request) -> Response:
    """Who there is to be."""
    people = [{"id": person.slack_id, "role": person.role} for person in cast.PEOPLE if person.active]
    return JSONResponse({"people": people, "bot": cast.BOT_USER_ID})
