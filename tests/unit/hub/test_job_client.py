from __future__ import annotations

import httpx2
import pytest

from evalbot.hub import job_client

HOME = "https://hub.example"


def page(link: str | None) -> httpx2.Response:
    headers = {} if link is None else {"Link": f'<{link}>; rel="next"'}
    request = httpx2.Request("GET", f"{HOME}/api/jobs/alice")
    return httpx2.Response(200, headers=headers, content=b"[]", request=request)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (None, None),
        (f"{HOME}/api/jobs/alice?cursor=2", f"{HOME}/api/jobs/alice?cursor=2"),
        ("/api/jobs/alice?cursor=2", f"{HOME}/api/jobs/alice?cursor=2"),
    ],
)
def test_next__of_this_hub__is_followed(link: str | None, target: str | None) -> None:
    assert job_client._next(page(link), HOME) == target  # noqa: SLF001 - headers, without a server


@pytest.mark.parametrize("link", ["https://evil.example/api", "http://hub.example/api", "https://hub.example:444/api"])
def test_next__of_another_host__gets_no_token(link: str) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol, match="another host"):
        job_client._next(page(link), HOME)  # noqa: SLF001 - as above


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_refuse_compression__an_answer_nobody_asked_to_be_packed__is_refused(encoding: str) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol):
        job_client.refuse_compression(httpx2.Response(200, headers={"Content-Encoding": encoding}))
