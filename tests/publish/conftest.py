"""A place to write to: every test here holds for a folder and for a bucket."""

import pytest


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path, monkeypatch) -> str:
    """An empty place to write to."""
    if request.param == "folder":
        return str(tmp_path / "out")
    server = request.getfixturevalue("s3_server")
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    return f"s3://{server.bucket()}/data"
