"""requests.get of Cora's archive, which is generated."""

import io
import tarfile
import tempfile
from pathlib import Path

import generated


class Answer:
    def __init__(self, url):
        assert url.endswith("cora.tgz"), url
        with tempfile.TemporaryDirectory() as folder:
            generated.cora(Path(folder) / "cora")
            self.raw = io.BytesIO()
            with tarfile.open(fileobj=self.raw, mode="w:gz") as archive:
                archive.add(Path(folder) / "cora", "cora")
        self.raw.seek(0)

    def __enter__(self):
        return self

    def __exit__(self, *facts):
        pass


def get(url, **named):
    """The archive, whatever the place it is asked from."""
    return Answer(url)
