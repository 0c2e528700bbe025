"""The classifier without a model: the same words are always read the same."""

from __future__ import annotations

from app.domain.update import reads_like_update


class PlainClassifier:
    """A ``ports.Classifier``."""

    async def is_update(self, text: str) -> bool:
        return reads_like_update(text)
