"""Storage buckets: docs/hub-api.md, Buckets."""

from __future__ import annotations

import mimetypes
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access, byte_range
from evalbot.sandbox.buckets import Bucket, Stored, shown
from evalbot.sandbox.records import as_date
from evalbot.sandbox.refusals import (
    Refusal,
    bad_request,
    entry_not_found,
    forbidden,
    repo_not_found,
    sign_in_first,
)
from evalbot.sandbox.repos import checked_id
from evalbot.sandbox.wire import read_object
from evalbot.sandbox.xet import TOKEN_LIFE

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.call import Call
    from evalbot.sandbox.permissions import Permission
    from evalbot.sandbox.xet import Kept

_PAGE = 1000
_LISTED = 100
_MOST_PATHS = 1000
_FOR_ALL = "sandbox"  # a folder asks for no token


def listing(call: Call) -> Response:
    """Buckets of a namespace (`me` is the caller's) that the caller may see."""
    wanted = call.param("namespace")
    if wanted == "me":
        wanted = access.must_sign_in(call.who).user
    namespace = call.hub.accounts.namespace(wanted)
    search = call.query.get("search", "").lower()
    seen = [bucket for bucket in call.hub.buckets.of(namespace or "") if _may_see(call, bucket)]
    page, link = call.page([bucket for bucket in seen if search in bucket.id.lower()], _LISTED)
    return JSONResponse([bucket.as_json() for bucket in page], headers=link)


def create(call: Call) -> Response:
    who = access.must_sign_in(call.who)
    wanted = who.user if call.param("namespace") == "me" else call.param("namespace")
    namespace = call.hub.accounts.namespace(wanted)
    bucket_id = f"{namespace or wanted}/{call.param('name')}"
    checked_id(bucket_id)
    if namespace is None or not call.hub.accounts.owns(who.user, namespace) or not _may(call, "repo.write", bucket_id):
        raise forbidden(f'You don\'t have the rights to create a bucket under the namespace "{wanted}"')
    asked = call.json()
    private = asked.get("visibility") == "private" or asked.get("private") is True
    made = call.hub.buckets.create(bucket_id, private=private)
    url = f"{call.hub.endpoint}/buckets/{bucket_id}"
    if made is None:
        raise Refusal(409, "You already created this bucket", body={"url": url})
    return JSONResponse({"url": url, "name": made.id})


def info(call: Call) -> Response:
    return JSONResponse(_bucket(call).as_json())


def delete(call: Call) -> Response:
    call.hub.buckets.delete(_bucket(call, "repo.write"))
    return JSONResponse({})


def settings(call: Call) -> Response:
    bucket = _bucket(call, "repo.write")
    private = call.json().get("private", bucket.private)
    if not isinstance(private, bool):
        raise bad_request('"private" must be a boolean')
    bucket.private = private
    bucket.save()
    return JSONResponse({"private": private})


def tree(call: Call) -> Response:
    """Files below a prefix, which is compared letter by letter; without `recursive` folders stand for theirs."""
    bucket = _bucket(call)
    prefix = call.param("rest").lstrip("/") if "rest" in call.request.path_params else ""
    files = bucket.listing(prefix)
    entries = list(files) if call.flag("recursive") else _one_level(files, len(prefix))
    page, link = call.page(entries, _PAGE)
    kept = bucket.keep([entry for entry in page if isinstance(entry, Stored)])
    items = [_item(entry, kept) for entry in page]
    return JSONResponse([item for item in items if item], headers=link)


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    arrived: float


def _one_level(files: list[Stored], start: int) -> list[Stored | _Folder]:
    """What goes on after the next slash is one folder."""
    entries: dict[str, Stored | _Folder] = {}
    for found in files:
        slash = found.path.find("/", start)
        if slash < 0:
            entries[found.path] = found
        else:
            folder = found.path[:slash]
            before = entries.get(folder)
            latest = max(found.arrived, before.arrived if before else 0.0)
            entries[folder] = _Folder(folder, latest)
    return list(entries.values())


def _item(entry: Stored | _Folder, kept: dict[str, Kept]) -> dict[str, Any] | None:
    if isinstance(entry, _Folder):
        return {"type": "directory", "path": entry.path, "uploadedAt": as_date(entry.arrived)}
    return shown(entry, kept[entry.path]) if entry.path in kept else None


def paths_info(call: Call) -> Response:
    """Files only; paths that are none are passed over."""
    bucket, paths = _bucket(call), call.json().get("paths", [])
    if not isinstance(paths, list) or len(paths) > _MOST_PATHS or not all(isinstance(path, str) for path in paths):
        raise bad_request(f'"paths" must be an array of at most {_MOST_PATHS} texts')
    found = [file for path in paths if (file := bucket.file(path))]
    kept = bucket.keep(found)
    return JSONResponse([shown(file, kept[file.path]) for file in found if file.path in kept])


def resolve(call: Call) -> Response:
    """The bytes, and where hf_xet finds them; HEAD is what clients ask before they download."""
    bucket = _bucket(call)
    found = bucket.file(call.param("rest"))
    kept = bucket.keep([found]).get(found.path) if found else None
    if found is None or kept is None:
        raise entry_not_found()
    content = (bucket.files / found.path).read_bytes()
    headers = {
        "ETag": f'"{kept.hash}"',
        "X-Xet-Hash": kept.hash,
        "X-Linked-Size": str(len(content)),
        "Link": f'<{call.hub.endpoint}/api/buckets/{quote(bucket.id)}/xet-read-token>; rel="xet-auth"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    wanted = byte_range.asked(call.headers.get("range"), len(content))
    media = mimetypes.guess_type(found.path)[0] or "application/octet-stream"
    if wanted is None:
        return Response(content, headers=headers, media_type=media)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(content)}"
    return Response(content[wanted.start : wanted.stop], 206, headers=headers, media_type=media)


def batch(call: Call) -> Response:
    """One operation a line; each succeeds or fails by itself: 200, or 422 where none succeeded."""
    bucket = _bucket(call, "repo.write")
    operations = [read_object(line, what="Every line") for line in call.body.splitlines() if line.strip()]
    failed = []
    with bucket.store.fetch(bucket.id, {str(operation.get("xetHash")) for operation in operations}) as contents:
        for operation in operations:
            try:
                _apply(call, bucket, operation, contents)
            except ValueError as error:
                failed.append({"path": str(operation.get("path")), "error": str(error)})
    succeeded = len(operations) - len(failed)
    answer = {"success": not failed, "processed": len(operations), "succeeded": succeeded, "failed": failed}
    return JSONResponse(answer, 422 if failed and not succeeded else 200)


def _apply(call: Call, bucket: Bucket, operation: dict[str, Any], contents: dict[str, Path]) -> None:
    """Raises ValueError with what the client is told."""
    path, wanted = operation.get("path"), operation.get("type")
    if not isinstance(path, str):
        raise ValueError("Invalid path")  # noqa: TRY004 - a failed operation, not a wrong type of ours
    if wanted == "deleteFile":
        if not bucket.delete(path):
            raise ValueError("File not found")
        return
    if wanted not in ("addFile", "copyFile"):
        raise ValueError("Unknown operation")
    if wanted == "copyFile":
        _must_see_source(call, operation)
    content = contents.get(str(operation.get("xetHash")))
    if content is None:
        raise ValueError("The content was not uploaded")
    bucket.add(path, content, _seconds(operation.get("mtime")))


def _seconds(milliseconds: Any) -> float:
    usable = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return min(max(milliseconds / 1000, 0.0), time.time()) if usable else time.time()


def _must_see_source(call: Call, operation: dict[str, Any]) -> None:
    source = call.hub.buckets.find(str(operation.get("sourceRepoId")))
    if operation.get("sourceRepoType") != "bucket" or source is None or not _may_see(call, source):
        raise ValueError("Source not found (the sandbox copies from buckets only)")


def xet_read_token(call: Call) -> Response:
    return _xet_token(_bucket(call).store.for_reading())


def xet_write_token(call: Call) -> Response:
    bucket = _bucket(call, "repo.write")
    return _xet_token(bucket.store.for_writing(bucket.id))


def _xet_token(url: str) -> Response:
    """hf_xet reads the body, huggingface_hub the headers."""
    end = int(time.time()) + TOKEN_LIFE
    headers = {
        "X-Xet-Cas-Url": quote(url, safe=":/"),
        "X-Xet-Access-Token": _FOR_ALL,
        "X-Xet-Token-Expiration": str(end),
    }
    return JSONResponse({"casUrl": url, "accessToken": _FOR_ALL, "exp": end}, headers=headers)


def _bucket(call: Call, permission: Permission = "repo.content.read") -> Bucket:
    """The bucket of the path."""
    bucket_id = f"{call.param('namespace')}/{call.param('name')}"
    return must_reach(call, bucket_id, writes=permission == "repo.write")


def must_reach(call: Call, bucket_id: str, *, writes: bool) -> Bucket:
    """The bucket, if the caller may read it, or write to it. One that they may not see is not there for them."""
    found = call.hub.buckets.find(bucket_id)
    if found is None or not _may_see(call, found):
        raise repo_not_found() if call.who else sign_in_first()
    if writes and not (_is_member(call, found) and _may(call, "repo.write", found.id)):
        raise forbidden(f"Forbidden: you do not have write access to the bucket {found.id}")
    return found


def _is_member(call: Call, bucket: Bucket) -> bool:
    return call.who is not None and call.hub.accounts.owns(call.who.user, bucket.namespace)


def _may_see(call: Call, bucket: Bucket) -> bool:
    return not bucket.private or (_is_member(call, bucket) and _may(call, "repo.content.read", bucket.id))


def _may(call: Call, permission: Permission, bucket_id: str) -> bool:
    return call.who is not None and call.who.may(permission, "bucket", bucket_id)


_PATH = "/api/buckets/{namespace}/{name}"

ROUTES = [
    ("GET", "/api/buckets/{namespace}", listing),
    ("POST", _PATH, create),
    ("GET", _PATH, info),
    ("DELETE", _PATH, delete),
    ("PUT", f"{_PATH}/settings", settings),
    ("GET", f"{_PATH}/tree", tree),
    ("GET", f"{_PATH}/tree/{{rest:path}}", tree),
    ("POST", f"{_PATH}/paths-info", paths_info),
    ("POST", f"{_PATH}/batch", batch),
    ("GET", f"{_PATH}/xet-read-token", xet_read_token),
    ("GET", f"{_PATH}/xet-write-token", xet_write_token),
    ("GET", "/buckets/{namespace}/{name}/resolve/{rest:path}", resolve),
]
