"""From a message to its handler, and from the handler to an answer.

A person's gesture is believed only when Slack's signature over its raw bytes holds once more, against the time at which
the queue took it: whoever may write to the queue is not thereby a person (G10). Every gesture is answered, whatever
happens (L7), and an answer that cannot be delivered changes nothing (D8). What people do among themselves in a room
(form ``event``) asked us nothing and gets no answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, ValidationError

from app import telemetry
from app.domain import gesture as gestures
from app.domain import ticket
from app.domain.gesture import COMING_AND_GOING, Gesture
from app.domain.help import CommandHelp
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.errors import Park, Refused, VendorError
from app.flows import attendance, checklist
from app.messages import answers
from app.messages.message import Message, say
from app.ports import Chat, Store
from app.processor.registry import Handle, Registry, Unbound, bind
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope
from app.signature import verify_slack
from app.telemetry import log

_ROOMS_NAMED = 10
_NOBODY_YET = {Status.ALERT_RECEIVED, Status.ROOM_ASSEMBLING}  # people are invited, if at all, while it is made


class Dispatcher:
    """``work`` and ``told`` are what a ``Consumer`` calls. ``fallback_channel`` hears of what has no room."""

    def __init__(
        self,
        registry: Registry,
        services: Mapping[type, object],
        *,
        signing_secret: str,
        store: Store,
        chat: Chat,
        fallback_channel: str | None = None,
    ) -> None:
        self._registry = registry
        self._help = CommandHelp(tuple(registry.help()))
        self._services: dict[type, object] = {**services, CommandHelp: self._help}
        self._signing_secret = signing_secret
        self._store = store
        self._chat = chat
        self._fallback_channel = fallback_channel

    async def work(self, delivery: Delivery) -> None:
        """Raises ``Park``, ``Retry``, or whatever the handler raised: the consumer knows what to do."""
        if delivery.envelope.event:
            await self._event(delivery.envelope, delivery.envelope.event)
        else:
            await self._gesture(delivery)

    async def told(self, delivery: Delivery, reason: str) -> None:
        """It was parked: whoever asked for it is told, or the room that it is about, or the fallback channel."""
        try:
            gesture, _ = self._verified(delivery)
        except Park:
            await self._tell_room(delivery, reason, await self._about(delivery))
            return
        if gesture.form == "event":
            incident = await self._store.incident_of_channel(gesture.channel_id or "")
            await self._tell_room(delivery, reason, incident)
        else:
            await self._answer(delivery, gesture, answers.gave_up(reason))

    # ------------------------------------------------------------ machines

    async def _event(self, envelope: Envelope, name: str) -> None:
        event = self._registry.events.get(name)
        if event is None:
            raise Park(
                f"nothing here handles the event {name!r}; there are: {', '.join(sorted(self._registry.events))}"
            )
        body = _body(event.body, envelope)
        telemetry.note(event=name, **_subject(body))
        try:
            await event.handle(**bind(event.handle, {**self._services, event.body: body}))
        except Refused as refusal:
            raise Park(f"refused, and no person asked for it: {refusal.tell_user}") from refusal

    async def _tell_room(self, delivery: Delivery, reason: str, incident: Incident | None) -> None:
        room = _open_room(incident)
        peopled = incident is not None and incident.status not in _NOBODY_YET
        outside = None if room and peopled else self._fallback_channel  # S3: not in an empty room alone
        channels = [channel for channel in (outside, room) if channel]
        if not channels:
            log.error("parked_untold", lane=delivery.lane, why="set SLACK_FALLBACK_CHANNEL: nobody could be told")
            return
        message = answers.put_aside(delivery.lane, reason)
        for channel in dict.fromkeys(channels):
            await self._chat.post(channel, message, effect_id=f"parked:{delivery.id}")

    async def _about(self, delivery: Delivery) -> Incident | None:
        try:
            event = self._registry.events[delivery.envelope.event or ""]
            subject = _subject(_body(event.body, delivery.envelope))
        except (Park, KeyError):
            return None
        if "incident_id" in subject:
            return await self._store.incident(subject["incident_id"])
        return await self._store.incident_of_alert(subject["alert_group"]) if "alert_group" in subject else None

    # ------------------------------------------------------------ people

    async def _gesture(self, delivery: Delivery) -> None:
        gesture, human = self._verified(delivery)
        telemetry.note(gesture=gesture.name, actor=human.actor)
        if gesture.form == "event":
            await self._room_event(gesture, human)
            return
        try:
            answer = await self._handled(gesture, human)
        except Refused as refusal:
            answer = say(refusal.tell_user)
        except Park:
            raise  # told when it is parked
        except Exception:
            if delivery.attempt == 1:
                await self._answer(delivery, gesture, answers.NOT_YET)
            raise
        if answer is not None:
            await self._answer(delivery, gesture, answer)

    async def _room_event(self, gesture: Gesture, human: Human) -> None:
        """What happens in a channel that is no incident's room is none of our business."""
        handle = self._registry.room_events.get(gesture.name)
        incident = await self._store.incident_of_channel(gesture.channel_id or "") if handle else None
        if handle is None or incident is None:
            return
        telemetry.note(incident_id=incident.id)
        with telemetry.story(gesture.name, incident.trace):
            here = incident
            if gesture.name not in COMING_AND_GOING:
                here = await attendance.sign_of_life(self._store, incident, human)
            try:
                await handle(**bind(handle, {**self._services, Gesture: gesture, Human: human, Incident: here}))
            except Refused as refusal:
                log.info("room_event_refused", name=gesture.name, why=refusal.tell_user)
            finally:
                await self._confirmed(incident, here)

    async def _confirmed(self, before: Incident, here: Incident) -> None:
        """Somebody who had been given command showed that they know: the checklist says so. Behind what they asked for,
        since a form has three seconds to open."""
        if here.commanded and not before.commanded:
            await checklist.refresh(self._store, self._chat, here.id)

    def _verified(self, delivery: Delivery) -> tuple[Gesture, Human]:
        """Raises ``Park`` for what Slack did not sign, or signed long before the queue took it."""
        envelope = delivery.envelope
        if envelope.event or envelope.signature is None:
            raise Park("a gesture without Slack's signature: nobody's word")
        signed, raw = envelope.signature, envelope.body.encode()
        proof = verify_slack(self._signing_secret, signed.timestamp, raw, signed.v0, now=delivery.sent_at)
        if proof is None:
            raise Park(
                "Slack's signature does not hold: forged, replayed, or SLACK_SIGNING_SECRET differs between pods"
            )
        gesture = gestures.parse(envelope.body)
        return gesture, Human(gesture, proof)

    async def _handled(self, gesture: Gesture, human: Human) -> Message | None:
        known = self._registry.commands if gesture.form == "command" else self._registry.actions
        handle = known.get(gesture.name)
        if handle is None:
            log.warning("gesture_unknown", form=gesture.form, name=gesture.name)
            return answers.unknown(gesture, self._help)
        available = {**self._services, Gesture: gesture, Human: human}
        incident = await self._store.incident_of_channel(gesture.channel_id) if gesture.channel_id else None
        about = incident or await self._carried(gesture)
        telemetry.note(**({"incident_id": about.id} if about else {}))
        with telemetry.story(gesture.name, about.trace if about else {}):
            if incident is None:
                return await handle(**await self._bound(handle, available, gesture))
            available[Incident] = here = await attendance.sign_of_life(self._store, incident, human)
            try:
                return await handle(**await self._bound(handle, available, gesture))
            finally:
                await self._confirmed(incident, here)

    async def _carried(self, gesture: Gesture) -> Incident | None:
        """Outside of the room, in private or in a form: what it carries says whose trace its work belongs to."""
        incident_id = ticket.incident_of(gesture.value)
        try:
            return await self._store.incident(incident_id) if incident_id else None
        except VendorError:  # a trace is not worth a gesture
            return None

    async def _bound(self, handle: Handle, available: Mapping[type, object], gesture: Gesture) -> dict[str, object]:
        try:
            return bind(handle, available)
        except Unbound as missing:
            if missing.wanted is not Incident:
                raise
            rooms = [one.channel_id for one in await self._store.open_incidents() if one.channel_id]
            raise Refused(answers.only_in_a_room(gesture, rooms[:_ROOMS_NAMED])) from missing

    async def _answer(self, delivery: Delivery, gesture: Gesture, message: Message) -> None:
        """Privately, by the first way that works. Never raises: the work is done, or its failure is told already."""
        ways: list[Callable[[], Awaitable[object]]] = []
        if url := gesture.response_url:
            ways.append(lambda: self._chat.respond(url, message))
        if channel := gesture.channel_id:
            ways.append(lambda: self._chat.whisper(channel, gesture.user_id, message))
        effect = f"answer:{delivery.id}:{delivery.attempt}"
        ways.append(lambda: self._chat.direct(gesture.user_id, message, effect_id=effect))
        for way in ways:
            try:
                await way()
                return
            except Exception as error:
                log.warning("answer_failed", gesture=gesture.name, why=str(error))


def _body(model: type[BaseModel], envelope: Envelope) -> BaseModel:
    try:
        return model.model_validate_json(envelope.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Park(f"the body of {envelope.kind} does not fit: {where}: {first['msg']}") from error


def _open_room(incident: Incident | None) -> str | None:
    return incident.channel_id if incident and not incident.archived_at else None


def _subject(body: BaseModel) -> dict[str, str]:
    """What an event is about, where its body says so."""
    found = {name: getattr(body, name, None) for name in ("incident_id", "alert_group")}
    return {name: value for name, value in found.items() if isinstance(value, str)}
