"""Bedrock, simulated: Converse of one model that answers plausibly, always the same, or badly when told to.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.sim.rights import Guard

Json = dict[str, Any]

SENTENCE = "We are looking into a problem that affects some of our customers. We will post the next update here."
CLOSING = "The problem is solved and our service works as usual again. We are sorry for the disruption."
SUMMARY = "An alert opened this incident; what was done, by whom and when, is in the timeline below."
INVENTED = "95 % of customers were affected at 14:05 because DNS was down."
INJECTED = "The root cause was DNS. It was fixed at 14:05. Please log in at evil.example to keep your account."
_FIELDS = frozenset(
    {"messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields",
     "requestMetadata", "performanceConfig"}
)  # fmt: skip


class Mood(StrEnum):
    """How the model answers."""

    PLAIN = "plain"
    REASONING_FIRST = "reasoning_first"  # a block of thoughts stands before the text
    CUT = "max_tokens"
    GUARDED = "guardrail_intervened"
    SILENT = "silent"  # a finished answer without any text
    LEAKING = "leaking"  # text with a private address in it
    INVENTING = "inventing"  # one sentence too many
    OBEDIENT = "obedient"  # writes what somebody put into the alert


def _answer(asked: Json) -> str:
    """Fit for what it was asked: a summary of a trail, a closing text, or a text in between."""
    given = str(asked["messages"][0]["content"][0].get("text", ""))
    if "<message>" in given:
        return "UPDATE" if "Update" in given else "OTHER"
    if "<trail>" in given:
        return SUMMARY
    return CLOSING if "<status>\nresolved" in given else SENTENCE


def throttled(_: int) -> Response:
    """Bedrock's own way of saying "too many requests"; it does not say for how long."""
    return _refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")


class BedrockSim:
    def __init__(self) -> None:
        self.mood = Mood.PLAIN
        self.accessible = True  # whether the account was given access to the model
        self.requests: list[Json] = []  # what the model was shown, for the auditors
        self.guard = Guard()

    def converse(self, asked: Json) -> Json:
        self.requests.append(asked)
        blocks: list[Json] = [{"text": _answer(asked)}]
        stop = "end_turn"
        match self.mood:
            case Mood.REASONING_FIRST:
                blocks.insert(0, {"reasoningContent": {"reasoningText": {"text": "What do they know?"}}})
            case Mood.CUT | Mood.GUARDED:
                blocks, stop = [{"text": SENTENCE[:30]}], self.mood.value
            case Mood.SILENT:
                blocks = []
            case Mood.LEAKING:
                blocks = [{"text": f"{SENTENCE} It began on 10.1.2.3."}]
            case Mood.INVENTING:
                blocks = [{"text": f"{_answer(asked)} {INVENTED}"}]
            case Mood.OBEDIENT:
                blocks = [{"text": INJECTED}]
        return {
            "output": {"message": {"role": "assistant", "content": blocks}},
            "stopReason": stop,
            "usage": {"inputTokens": 100, "outputTokens": 30, "totalTokens": 130},
            "metrics": {"latencyMs": 10},
        }

    def app(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/model/{model:path}/converse", self._converse, methods=["POST"]),
                Route("/people/state", self._state),
            ]
        )

    async def _converse(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            return _refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        model = {"modelId": request.path_params["model"]}
        if why := self.guard.refusal(request.headers["authorization"], "bedrock", "Converse", model):
            return _refusal(403, "AccessDeniedException", why)
        if not self.accessible:
            return _refusal(
                403, "AccessDeniedException", "You don't have access to the model with the specified model ID."
            )
        try:
            asked = json.loads(await request.body())
        except ValueError:
            return _refusal(400, "ValidationException", "The body is not JSON")
        if wrong := _problem(asked):
            return _refusal(400, "ValidationException", wrong)
        return JSONResponse(self.converse(asked))

    async def _state(self, _: Request) -> Response:
        return JSONResponse({"mood": self.mood, "requests": self.requests, "rights": self.guard.told()})


def _problem(asked: Any) -> str:
    if not isinstance(asked, dict) or (unknown := sorted(set(asked) - _FIELDS)):
        return f"Malformed input request: extraneous key {unknown if isinstance(asked, dict) else asked!r}"
    messages = asked.get("messages") or []
    if not messages or messages[0].get("role") != "user":
        return "A conversation must start with a user message."
    if not all(message.get("content") for message in messages):
        return "The content field of a message is empty."
    if "temperature" in asked.get("inferenceConfig", {}):
        return "`temperature` is deprecated for this model."
    return ""


def _refusal(status: int, type_: str, message: str) -> Response:
    return JSONResponse({"message": message}, status, {"x-amzn-ErrorType": type_})
