"""A Secret as Kubernetes mounts it."""

from __future__ import annotations

from pathlib import Path


class Mounted:
    """Links into a folder behind a link, which is replaced as one."""

    def __init__(self, root: Path, **values: str) -> None:
        self.folder, self._versions = root / "secrets", 0
        self.folder.mkdir()
        self.rotate(**values)
        for name in values:
            (self.folder / name).symlink_to(Path("..data") / name)

    def rotate(self, **values: str) -> None:
        self._versions += 1
        version = self.folder / f"..{self._versions}"
        version.mkdir()
        for name, value in values.items():
            (version / name).write_text(value)
        (self.folder / "..new").symlink_to(version.name)
        (self.folder / "..new").rename(self.folder / "..data")
