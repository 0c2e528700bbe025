"""What can go wrong, and who does what about it.

::

    IncidentResponseError
    ├── Retry(why, after)     not now: the same work is tried again after that many seconds
    │   └── Busy              somebody else is at it: to wait for them costs no attempt
    ├── Park(why)             never: the message goes to the dead-letter queue with this reason
    │   └── TrailBroken       somebody wrote into an audit trail: nothing can be added to it any more
    ├── Refused(tell_user)    a person asked for what the rules do not allow; they are told why
    ├── Conflict              somebody committed first: decide again on the fresh state
    ├── SettingsError         a setting is missing or wrong: the process does not start
    └── VendorError           a call to the outside failed; carries vendor, operation, remedy
        ├── VendorUnavailable it did not happen, and may work later
        ├── VendorThrottled   it did not happen; the vendor says when to come back
        ├── VendorRefused     it did not happen, and will not until somebody changes something
        └── Unknown           a write was sent and the answer never came: it may have happened
"""

from __future__ import annotations


class IncidentResponseError(Exception):
    """The root of everything raised on purpose."""


class Retry(IncidentResponseError):
    """Not now. ``after``: seconds until the next try; None lets the consumer's own backoff decide."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after = after


class Busy(Retry):
    """A race was lost, or a lease is another's: nobody's failure, so nobody gives up on it. A lease runs out."""


class Park(IncidentResponseError):
    """Never. The message is kept in the dead-letter queue, with this reason beside it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TrailBroken(Park):
    """An audit event stands behind the trail's head, where no commit of ours left one. ``event``: its sort key."""

    def __init__(self, incident_id: str, event: str) -> None:
        super().__init__(
            f"incident {incident_id} can change no more: {event} stands in its audit trail already, and no commit "
            "wrote it. Nothing was done. Export the trail (`incident-response audit export`), find out who wrote that, "
            "take it out of the audit table, and move this message back"
        )


class Refused(IncidentResponseError):
    """The rules say no. ``tell_user`` is shown to the person who asked: what, why, and what to do instead."""

    def __init__(self, tell_user: str) -> None:
        super().__init__(tell_user)
        self.tell_user = tell_user


class Conflict(IncidentResponseError):
    """A conditional write lost against another. Nothing was written."""


class SettingsError(IncidentResponseError):
    """Names every missing or wrong setting, and where each comes from."""


class VendorError(IncidentResponseError):
    """A call to the outside did not give what was asked.

    ``detail`` is safe to show and to log: it never holds a secret or a response body of unknown content.
    """

    def __init__(self, vendor: str, operation: str, detail: str, *, remedy: str = "") -> None:
        super().__init__(f"{vendor} {operation}: {detail}" + (f" ({remedy})" if remedy else ""))
        self.vendor = vendor
        self.operation = operation
        self.detail = detail
        self.remedy = remedy


class VendorUnavailable(VendorError):
    """It did not happen (or it was a read): connection refused, deadline of a safe call, 5xx, open breaker."""


class VendorThrottled(VendorError):
    """Too many requests; nothing was done. ``retry_after`` in seconds."""

    def __init__(self, vendor: str, operation: str, *, retry_after: float) -> None:
        super().__init__(vendor, operation, f"rate limited, retry after {retry_after:g} s")
        self.retry_after = retry_after


class VendorRefused(VendorError):
    """The vendor understood and said no. ``code`` is its own word for it (``name_taken``, ``404``, ...)."""

    def __init__(self, vendor: str, operation: str, code: str, *, remedy: str = "") -> None:
        super().__init__(vendor, operation, f"refused: {code}", remedy=remedy)
        self.code = code


class Unknown(VendorError):
    """A write left us and no answer came back. Read before you write again."""
