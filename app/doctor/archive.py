"""S3: whether what is archived of a trail is out of everybody's reach. Nothing is written: it could not be removed."""

from __future__ import annotations

from botocore.exceptions import ClientError

from app.doctor import aws
from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

_NOT_LOCKED = "ObjectLockConfigurationNotFoundError"


async def _locked(deployment: Deployment) -> str:
    bucket = deployment.settings.archive_bucket_name
    if bucket is None:
        raise CouldNotTell("ARCHIVE_BUCKET_NAME is not set: a trail that is rewritten as a whole would go unnoticed")
    s3 = await deployment.aws("s3")
    try:
        found = (await s3.get_object_lock_configuration(Bucket=bucket))["ObjectLockConfiguration"]
    except ClientError as error:
        if aws.denied(error):
            raise CouldNotTell(f"{error.operation_name} {aws.code(error)}") from error
        if aws.code(error) == _NOT_LOCKED:
            raise Failed(f"{bucket} is not under Object Lock") from error
        raise
    kept = found.get("Rule", {}).get("DefaultRetention", {})
    if kept.get("Mode") != "COMPLIANCE":
        raise Failed(f"{bucket}: without a default retention in compliance mode what is in it can be deleted")
    return f"nobody can change what is in {bucket}"


CHECKS = (
    Check(
        "S3: archive of heads",
        "the bucket exists and is under Object Lock, in compliance mode by default",
        "set ARCHIVE_BUCKET_NAME to the substrate's output archiveBucketName; the bucket is made with Object Lock "
        "(artifacts/aws-substrate.yaml); to look at it takes s3:GetBucketObjectLockConfiguration",
        _locked,
    ),
)
