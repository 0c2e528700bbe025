"""``SERVICES_FILE``: the catalogue of services that a deployment brings."""

from __future__ import annotations

from pathlib import Path

from app import yaml_file
from app.domain.catalogue import Catalogue


def read(path: Path | None) -> Catalogue:
    """Without a file, no service is known. Raises ``SettingsError``."""
    if path is None:
        return Catalogue()
    return yaml_file.read(path, Catalogue, setting="SERVICES_FILE", example="docs/services.example.yaml")
