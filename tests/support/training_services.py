"""Stand-ins for OpenAI's Files, Uploads, Batches and fine-tuning, and for Fireworks' services of the same kind.

They hold requests to what the API references say: methods, paths, members and their types, keys, states. Models answer
by content alone (api_shapes.good_reply), and a Fireworks model with a deployment only while that one is ready.

    with TrainingServices() as services:
        environ = services.environ()      # addresses and keys for a process
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.api_shapes import good_reply, problem_with, shape_of
from tests.support.openai_tuning import (
    CREATED,
    TUNING_MEMBERS,
    advance,
    new_job,
    note_event,
    problem_with_rows,
    problems_with,
    shown,
)

KEY, ACCOUNT = "test-key-0123456789", "acme"
JOB_MEMBERS = {"dataset", "baseModel", "outputModel", "displayName", "epochs", "loraRank", "learningRate",
               "maxContextLength", "evaluationDataset"}  # fmt: skip
ENDPOINTS = ("/v1/responses", "/v1/chat/completions")
"""Places that a batch may be for, of those that the arena uses."""
DEPLOYMENT_MEMBERS = {"baseModel", "displayName", "description", "minReplicaCount", "maxReplicaCount",
                      "acceleratorType", "acceleratorCount"}  # fmt: skip


class Refusal(Exception):
    """An answer that a service gives instead: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class State:
    """The state of the services. `polls`: requests until a resource is ready, or a batch has ended."""

    polls: int = 2
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    """File of OpenAI's -> its purpose."""
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    tunings: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cut_after: dict[str, int] = field(default_factory=dict)
    """"METHOD path" -> so many requests of it are carried out, and their answers lost."""
    answer: Callable[[dict[str, Any]], str | None] = lambda request: None
    """Request of a batch -> the text of its answer; None: the request fails."""
    fail_job: str = ""


class TrainingServices:
    """Both services on one loopback port."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self.lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.services = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> TrainingServices:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environ(self) -> dict[str, str]:
        """Return the variables that point the arena here."""
        return {
            "OPENAI_BASE_URL": f"{self.address}/v1",
            "OPENAI_API_KEY": KEY,
            "FIREWORKS_BASE_URL": f"{self.address}/inference/v1",
            "FIREWORKS_API_KEY": KEY,
            "FIREWORKS_ACCOUNT_ID": ACCOUNT,
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    services: TrainingServices


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        state, place = self.server.services.state, f"{method} {parts.path}"
        with self.server.services.lock:
            state.seen.append(place)
            try:
                if self.headers.get("Authorization") != f"Bearer {KEY}":
                    raise Refusal(401, "wrong or missing key")
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                made = self._answer(state, method, parts.path, query, body)
                status = 200
            except Refusal as refusal:
                state.refused.append(f"{place}: {refusal}")
                made, status = {"error": {"message": str(refusal), "type": "invalid_request_error"}}, refusal.status
            lost = state.cut_after.get(place, 0) > 0
            if lost:
                state.cut_after[place] -= 1
        if lost:
            self.close_connection = True
            return
        data = made if isinstance(made, bytes) else json.dumps(made).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, state: State, method: str, path: str, query: dict[str, str], body: bytes) -> Any:
        for row_method, pattern, act in ROUTES:
            found = re.fullmatch(pattern, path)
            if found is not None and row_method == method:
                return act(_Asked(state, query, body, self.headers, found.groupdict()))
        if method == "POST" and shape_of(path) is not None:
            return self._model(state, body)
        raise Refusal(404, f"no such place: {method} {path}")

    def _model(self, state: State, body: bytes) -> Any:
        """Answer one question to a model; one with `#` names the Fireworks deployment that it is asked on."""
        shape = shape_of(self.path)
        assert shape is not None
        payload = _json(body)
        problem = problem_with(shape, {name.lower(): value for name, value in self.headers.items()}, payload)
        if problem is not None:
            raise Refusal(400, problem.message)
        _, mark, deployment = payload["model"].partition("#")
        if mark:
            found = state.deployments.get(deployment.rpartition("/")[2])
            if found is None or found["state"] != "READY":
                raise Refusal(404, f"no deployment {deployment} is ready")
        return good_reply(shape, payload)


@dataclass
class _Asked:
    state: State
    query: dict[str, str]
    body: bytes
    headers: Message
    names: dict[str, str]

    def members(self, allowed: set[str], needed: set[str]) -> dict[str, Any]:
        """Return the JSON body; refuse unknown and missing members."""
        found = _json(self.body)
        if unknown := sorted(set(found) - allowed):
            raise Refusal(400, f"unknown member {unknown[0]}")
        if missing := sorted(needed - set(found)):
            raise Refusal(400, f"{missing[0]} is required")
        return found

    def form(self) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
        """Return the texts and files of a multipart form (RFC 7578)."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data; boundary="):
            raise Refusal(400, "must be a multipart form")
        parsed = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        texts: dict[str, str] = {}
        files: dict[str, tuple[str, bytes]] = {}
        for part in parsed.get_payload():  # type: ignore[union-attr]
            assert isinstance(part, Message)
            name = str(part.get_param("name", header="content-disposition"))
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            if part.get_filename() is None:
                texts[name] = data.decode()
            else:
                files[name] = (str(part.get_filename()), data)
        return texts, files


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        raise Refusal(400, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "the body is not an object")
    return found


def _new_file(state: State, name: str, data: bytes, purpose: str = "batch") -> dict[str, Any]:
    if purpose not in ("batch", "fine-tune"):
        raise Refusal(400, f"{purpose} is no purpose that is known here")
    one = f"file-{len(state.files) + 1}"
    state.files[one], state.purposes[one] = (name, data), purpose
    return _file(state, one)


def _file(state: State, one: str) -> dict[str, Any]:
    """Return a file as the service describes it."""
    if one not in state.files:
        raise Refusal(404, "no such file")
    name, data = state.files[one]
    return {"id": one, "object": "file", "bytes": len(data), "created_at": CREATED, "filename": name,
            "purpose": state.purposes[one], "status": "processed"}  # fmt: skip


def _upload_file(asked: _Asked) -> Any:
    texts, files = asked.form()
    if set(texts) != {"purpose"} or set(files) != {"file"}:
        raise Refusal(400, "a file has a purpose and a part `file`")
    return _new_file(asked.state, *files["file"], texts["purpose"])


def _create_upload(asked: _Asked) -> Any:
    needed = {"filename", "purpose", "bytes", "mime_type"}
    about = asked.members(needed, needed)
    one = f"upload-{len(asked.state.uploads) + 1}"
    asked.state.uploads[one] = {**about, "parts": {}}
    return _upload(asked.state, one, "pending")


def _upload(state: State, one: str, status: str) -> dict[str, Any]:
    """Return an upload as the service describes it."""
    about = state.uploads[one]
    return {"id": one, "object": "upload", "status": status, "bytes": about["bytes"], "created_at": CREATED,
            "expires_at": CREATED + 3600, "filename": about["filename"], "purpose": about["purpose"]}  # fmt: skip


def _add_part(asked: _Asked) -> Any:
    upload = asked.state.uploads.get(asked.names["id"])
    if upload is None:
        raise Refusal(404, "no such upload")
    _, files = asked.form()
    if set(files) != {"data"}:
        raise Refusal(400, "a part is sent as `data`")
    one = f"part-{len(upload['parts']) + 1}"
    upload["parts"][one] = files["data"][1]
    return {"id": one, "object": "upload.part", "created_at": CREATED, "upload_id": asked.names["id"]}


def _complete_upload(asked: _Asked) -> Any:
    upload = asked.state.uploads[asked.names["id"]]
    order = asked.members({"part_ids"}, {"part_ids"})["part_ids"]
    data = b"".join(upload["parts"][one] for one in order)
    if len(data) != upload["bytes"]:
        raise Refusal(400, f"{len(data)} bytes came, {upload['bytes']} were announced")
    file = _new_file(asked.state, upload["filename"], data, upload["purpose"])
    return {**_upload(asked.state, asked.names["id"], "completed"), "file": file}


def _content(asked: _Asked) -> Any:
    if asked.names["id"] not in asked.state.files:
        raise Refusal(404, "no such file")
    return asked.state.files[asked.names["id"]][1]


def _create_batch(asked: _Asked) -> Any:
    needed = {"input_file_id", "endpoint", "completion_window"}
    about = asked.members(needed | {"metadata"}, needed)
    if about["endpoint"] not in ENDPOINTS:
        raise Refusal(400, f"endpoint must be one of {', '.join(ENDPOINTS)}")
    if about["completion_window"] != "24h" or asked.state.purposes.get(about["input_file_id"]) != "batch":
        raise Refusal(400, "a batch needs a file that is there, and 24h")
    lines = asked.state.files[about["input_file_id"]][1].splitlines()
    one = f"batch_{len(asked.state.batches) + 1}"
    asked.state.batches[one] = {
        "id": one, "object": "batch", "created_at": CREATED, "endpoint": about["endpoint"],
        "input_file_id": about["input_file_id"],
        "completion_window": "24h", "metadata": about.get("metadata", {}), "status": "validating",
        "output_file_id": None, "error_file_id": None, "errors": None, "asked": 0,
        "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
    }  # fmt: skip
    return asked.state.batches[one]


def _list_batches(asked: _Asked) -> Any:
    return {"object": "list", "data": list(reversed(asked.state.batches.values())), "has_more": False}


def _get_batch(asked: _Asked) -> Any:
    batch = asked.state.batches.get(asked.names["id"])
    if batch is None:
        raise Refusal(404, "no such batch")
    batch["asked"] += 1
    if batch["status"] in ("validating", "in_progress"):
        batch["status"] = "in_progress"
        if batch["asked"] > asked.state.polls:
            _finish_batch(asked.state, batch)
    return batch


def _problems_of_batch(batch: dict[str, Any], lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what the service finds wrong with an input file before it asks a model anything."""
    seen: set[str] = set()
    models = {line.get("body", {}).get("model") for line in lines}
    for number, line in enumerate(lines, 1):
        if set(line) != {"custom_id", "method", "url", "body"} or line["method"] != "POST":
            yield {"code": "invalid_request", "line": number, "message": "not a request"}
        elif line["url"] != batch["endpoint"]:
            yield {"code": "mismatched_endpoint", "line": number, "message": f"url is not {batch['endpoint']}"}
        elif line["custom_id"] in seen:
            yield {"code": "duplicate_custom_id", "line": number, "message": "custom_id is here twice"}
        elif len(models) > 1:
            yield {"code": "mismatched_model", "line": number, "message": "a batch is for one model"}
        seen.add(line.get("custom_id", ""))


def _finish_batch(state: State, batch: dict[str, Any]) -> None:
    good, bad = [], []
    lines = [json.loads(line) for line in state.files[batch["input_file_id"]][1].splitlines()]
    problems = list(_problems_of_batch(batch, lines))
    if problems:
        batch |= {"status": "failed", "errors": {"object": "list", "data": problems}}
        return
    shape = shape_of(batch["endpoint"])
    assert shape is not None
    for number, request in enumerate(lines):
        wrong = problem_with(shape, {"content-type": "application/json"}, request["body"])
        text = None if wrong is not None else state.answer(request)
        head = {"id": f"batch_req_{number}", "custom_id": request["custom_id"]}
        if text is None:
            error = {"message": "the model is overloaded" if wrong is None else wrong.message, "type": "server_error"}
            response = {
                "status_code": 500 if wrong is None else 400,
                "request_id": f"r{number}",
                "body": {"error": error},
            }
            bad.append({**head, "response": response, "error": None})
            continue
        body = good_reply(shape, request["body"], text)
        good.append({**head, "response": {"status_code": 200, "request_id": f"r{number}", "body": body}, "error": None})
    for name, answers in (("output_file_id", good), ("error_file_id", bad)):
        if answers:
            data = b"".join(json.dumps(line).encode() + b"\n" for line in answers)
            batch[name] = _new_file(state, f"{name}.jsonl", data)["id"]
    batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}
    batch["status"] = "completed"


def _cancel_batch(asked: _Asked) -> Any:
    batch = asked.state.batches[asked.names["id"]]
    batch["status"] = "cancelled"
    return batch


def _create_tuning(asked: _Asked) -> Any:
    about = asked.members(TUNING_MEMBERS, {"model", "training_file"})
    for member in ("training_file", "validation_file"):
        if member in about and asked.state.purposes.get(about[member]) != "fine-tune":
            raise Refusal(400, f"{member} must be a file of the purpose fine-tune")
    problem = next(problems_with(about), None)
    if problem is not None:
        raise Refusal(400, problem)
    one = f"ftjob-{len(asked.state.tunings) + 1}"
    asked.state.tunings[one] = new_job(one, about)
    return shown(asked.state.tunings[one])


def _get_tuning(asked: _Asked) -> Any:
    job = _found(asked.state.tunings, asked.names["id"])
    job["asked"] = job.get("asked", 0) + 1
    if job["status"] not in ("succeeded", "failed", "cancelled"):
        problem = asked.state.fail_job or problem_with_rows(asked.state.files[job["training_file"]][1])
        advance(job, problem, job["asked"] > asked.state.polls)
    return shown(job)


def _list_tunings(asked: _Asked) -> Any:
    wanted = {key[len("metadata[") : -1]: value for key, value in asked.query.items() if key.startswith("metadata[")}
    unknown = {key for key in asked.query if not key.startswith("metadata[")} - {"limit", "after"}
    if unknown:
        raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")
    jobs = [job for job in asked.state.tunings.values() if wanted.items() <= (job["metadata"] or {}).items()]
    return {"object": "list", "data": [shown(job) for job in reversed(jobs)], "has_more": False}


def _cancel_tuning(asked: _Asked) -> Any:
    job = _found(asked.state.tunings, asked.names["id"])
    if job["status"] in ("succeeded", "failed", "cancelled"):
        raise Refusal(400, f"the job has {job['status']} already")
    job["status"] = "cancelled"
    note_event(job, "The job was cancelled")
    return shown(job)


def _tuning_events(asked: _Asked) -> Any:
    events = _found(asked.state.tunings, asked.names["id"]).get("events", [])
    return {"object": "list", "data": events[: int(asked.query.get("limit", "20"))], "has_more": False}


def _thing(kind: str, one: str, **more: Any) -> dict[str, Any]:
    return {"name": f"accounts/{ACCOUNT}/{kind}/{one}", "asked": 0, "status": {"code": "OK", "message": ""}, **more}


def _create_dataset(asked: _Asked) -> Any:
    about = asked.members({"datasetId", "dataset"}, {"datasetId", "dataset"})
    if about["dataset"].get("userUploaded") != {} or not str(about["dataset"].get("exampleCount", "")).isdigit():
        raise Refusal(400, "dataset must be uploaded by the user and name its exampleCount")
    one = about["datasetId"]
    if one in asked.state.datasets:
        raise Refusal(409, "there is one of this id")
    asked.state.datasets[one] = _thing("datasets", one, state="UPLOADING", count=int(about["dataset"]["exampleCount"]))
    return asked.state.datasets[one]


def _upload_dataset(asked: _Asked) -> Any:
    found = asked.state.datasets.get(asked.names["id"])
    if found is None:
        raise Refusal(404, "no such data set")
    _, files = asked.form()
    rows = [json.loads(line) for line in files["file"][1].splitlines()]
    if len(rows) != found["count"] or any(set(row) - {"tools"} != {"messages"} for row in rows):
        raise Refusal(400, "the file must hold as many chat rows as announced, and nothing else")
    found["state"], found["rows"] = "READY", rows
    return {}


def _create_job(asked: _Asked) -> Any:
    one = asked.query.get("supervisedFineTuningJobId", "")
    about = asked.members(JOB_MEMBERS, {"dataset", "baseModel"})
    dataset = asked.state.datasets.get(about["dataset"].rpartition("/")[2])
    if dataset is None or dataset["state"] != "READY":
        raise Refusal(400, "the data set is not ready")
    if one in asked.state.jobs:
        raise Refusal(409, "there is one of this id")
    asked.state.jobs[one] = _thing("supervisedFineTuningJobs", one, state="JOB_STATE_CREATING", **about)
    return asked.state.jobs[one]


def _get_job(asked: _Asked) -> Any:
    job = _found(asked.state.jobs, asked.names["id"])
    job["asked"] += 1
    if job["state"] in ("JOB_STATE_CREATING", "JOB_STATE_RUNNING"):
        job["state"] = "JOB_STATE_RUNNING"
        if job["asked"] > asked.state.polls:
            job["state"] = "JOB_STATE_FAILED" if asked.state.fail_job else "JOB_STATE_COMPLETED"
            job["status"] = {"code": "OK", "message": asked.state.fail_job}
    return job


def _delete_job(asked: _Asked) -> Any:
    _found(asked.state.jobs, asked.names["id"])["state"] = "JOB_STATE_CANCELLED"
    return {}


def _create_deployment(asked: _Asked) -> Any:
    one = asked.query.get("deploymentId", "")
    about = asked.members(DEPLOYMENT_MEMBERS, {"baseModel"})
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", one):
        raise Refusal(400, "deploymentId must be lower case letters, digits and hyphens")
    if one in asked.state.deployments:
        raise Refusal(409, "there is one of this id")
    asked.state.deployments[one] = _thing("deployments", one, state="CREATING", **about)
    return asked.state.deployments[one]


def _get_deployment(asked: _Asked) -> Any:
    found = _found(asked.state.deployments, asked.names["id"])
    found["asked"] += 1
    if found["state"] == "CREATING" and found["asked"] > asked.state.polls:
        found["state"] = "READY"
    return found


def _delete_deployment(asked: _Asked) -> Any:
    _found(asked.state.deployments, asked.names["id"])
    del asked.state.deployments[asked.names["id"]]
    asked.state.deleted.append(asked.names["id"])
    return {}


def _list_deployments(asked: _Asked) -> Any:
    return {"deployments": list(asked.state.deployments.values()), "totalSize": len(asked.state.deployments)}


def _found(things: dict[str, dict[str, Any]], one: str) -> dict[str, Any]:
    if one not in things:
        raise Refusal(404, f"no {one}")
    return things[one]


_ROOT = f"/v1/accounts/{ACCOUNT}"
_ID = r"(?P<id>[^/:]+)"
ROUTES: tuple[tuple[str, str, Callable[[_Asked], Any]], ...] = (
    ("POST", "/v1/files", _upload_file),
    ("GET", f"/v1/files/{_ID}/content", _content),
    ("GET", f"/v1/files/{_ID}", lambda asked: _file(asked.state, asked.names["id"])),
    ("POST", "/v1/uploads", _create_upload),
    ("POST", f"/v1/uploads/{_ID}/parts", _add_part),
    ("POST", f"/v1/uploads/{_ID}/complete", _complete_upload),
    ("POST", "/v1/batches", _create_batch),
    ("GET", "/v1/batches", _list_batches),
    ("GET", f"/v1/batches/{_ID}", _get_batch),
    ("POST", f"/v1/batches/{_ID}/cancel", _cancel_batch),
    ("POST", "/v1/fine_tuning/jobs", _create_tuning),
    ("GET", "/v1/fine_tuning/jobs", _list_tunings),
    ("GET", f"/v1/fine_tuning/jobs/{_ID}", _get_tuning),
    ("POST", f"/v1/fine_tuning/jobs/{_ID}/cancel", _cancel_tuning),
    ("GET", f"/v1/fine_tuning/jobs/{_ID}/events", _tuning_events),
    ("POST", f"{_ROOT}/datasets", _create_dataset),
    ("POST", f"{_ROOT}/datasets/{_ID}:upload", _upload_dataset),
    ("GET", f"{_ROOT}/datasets/{_ID}", lambda asked: _found(asked.state.datasets, asked.names["id"])),
    ("POST", f"{_ROOT}/supervisedFineTuningJobs", _create_job),
    ("GET", f"{_ROOT}/supervisedFineTuningJobs/{_ID}", _get_job),
    ("DELETE", f"{_ROOT}/supervisedFineTuningJobs/{_ID}", _delete_job),
    ("POST", f"{_ROOT}/deployments", _create_deployment),
    ("GET", f"{_ROOT}/deployments", _list_deployments),
    ("GET", f"{_ROOT}/deployments/{_ID}", _get_deployment),
    ("DELETE", f"{_ROOT}/deployments/{_ID}", _delete_deployment),
)
"""(method, path, what is done)."""
