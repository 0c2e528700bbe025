"""Bedrock: that the models answer, and that what they are shown is not kept (P-private)."""

from __future__ import annotations

from botocore.exceptions import ClientError

from app.doctor import aws
from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

_NO_MODEL = "not needed: no model is set, so nothing is shown to one"


async def _answers(deployment: Deployment) -> str:
    models = _models(deployment)
    if not models:
        return _NO_MODEL
    bedrock = await deployment.aws("bedrock-runtime")
    for model in models:
        try:
            await bedrock.converse(
                modelId=model,
                messages=[{"role": "user", "content": [{"text": "Say yes."}]}],
                inferenceConfig={"maxTokens": 1},
            )
        except ClientError as error:
            if "Throttl" in aws.code(error):
                raise CouldNotTell(f"{model}: too many requests just now") from error
            raise Failed(f"{model}: {aws.code(error)}") from error
    return f"{', '.join(models)}: answers"


def _models(deployment: Deployment) -> list[str]:
    settings = deployment.settings
    return list(dict.fromkeys(filter(None, (settings.bedrock_model_id, settings.bedrock_classifier_model_id))))


async def _logging(deployment: Deployment) -> str:
    if not _models(deployment):
        return _NO_MODEL
    bedrock = await deployment.aws("bedrock")
    try:
        found = await bedrock.get_model_invocation_logging_configuration()
    except ClientError as error:
        raise CouldNotTell(f"the account's setting may not be read ({aws.code(error)})") from error
    if found.get("loggingConfig"):
        raise Failed("on: the account keeps what models are shown and what they answer")
    return "off"


CHECKS = (
    Check(
        "Bedrock: models",
        "each model may be used and answers (a call of one token)",
        "request access to the model (Bedrock console, Model access), allow bedrock:InvokeModel on the profile and on "
        "its model in every region it routes to, or correct BEDROCK_MODEL_ID and BEDROCK_CLASSIFIER_MODEL_ID",
        _answers,
    ),
    Check(
        "Bedrock: invocation logging",
        "the account does not log what models are shown",
        "turn it off (Bedrock console, Settings, Model invocation logging), or ask whoever owns the account to look",
        _logging,
    ),
)
