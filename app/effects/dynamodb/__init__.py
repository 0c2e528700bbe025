"""State and audit in DynamoDB."""

from app.effects.dynamodb.store import DynamoStore

__all__ = ["DynamoStore"]
