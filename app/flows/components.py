"""The status page's components, for a text that would change them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from app.domain.component import Component, ComponentChange, ComponentStatus
from app.domain.draft import COMPONENTS_MAX, Draft
from app.errors import Refused, VendorError
from app.messages.message import escape
from app.messages.statuspage_editor import OPTIONS_MAX
from app.ports import PublicPage

IN_TIME_S = 10.0
BEFORE_A_MODAL_S = 1.2  # of the three seconds that a click can open one


async def listed(page: PublicPage, *, within_s: float = IN_TIME_S) -> tuple[list[Component], str]:
    """What the page lists, or why it could not be read: a text needs no components, so nothing else stops."""
    try:
        async with asyncio.timeout(within_s):
            return await page.components(), ""
    except TimeoutError:
        return [], "Statuspage did not answer in time"
    except VendorError as error:
        return [], str(error)


def named(wanted: Mapping[str, ComponentStatus], components: Sequence[Component]) -> tuple[ComponentChange, ...]:
    """Raises ``Refused`` with the names that there are: a wrong guess would be shown to customers."""
    if len(wanted) > COMPONENTS_MAX:
        raise Refused(f"A text for customers changes {COMPONENTS_MAX} components at most. No draft was written.")
    known = {one.name.casefold(): one for one in components}
    if unknown := [name for name in wanted if name.casefold() not in known]:
        there = ", ".join(one.name for one in components) or "none"
        raise Refused(
            f"The status page has no component {escape(', '.join(unknown))}; it has: {escape(there)}. "
            "No draft was written."
        )
    return tuple(known[name.casefold()].to(status) for name, status in wanted.items())


def chosen(
    choices: Mapping[str, Mapping[str, str]], before: Sequence[ComponentChange], components: Sequence[Component]
) -> tuple[ComponentChange, ...]:
    """What the editor's lists say; in two of them, the worse counts. What the editor did not offer stays as it was,
    unless the page has it no more.

    ``components`` is empty when the page cannot be read: then the editor's own labels are the names.
    """
    lists = {status: choices[status.value] for status in ComponentStatus if status.value in choices}
    if not lists:
        return tuple(before)
    known = {one.id: one for one in components}
    offered = {one.id for one in components[:OPTIONS_MAX]}
    changes = {one.id: one for one in before if one.id in known and one.id not in offered}
    for status, picked in lists.items():
        for id_, label in picked.items():
            changes[id_] = known.get(id_, Component(id=id_, name=label, status="unknown")).to(status)
    return tuple(changes.values())


def gone(drafts: Sequence[Draft], components: Sequence[Component]) -> tuple[str, ...]:
    """What texts have been about and the page lists no more; nothing, while it cannot be read."""
    known = {one.id for one in components}
    written = {change.id for draft in drafts for change in draft.text.components}
    return tuple(sorted(written - known)) if known else ()
