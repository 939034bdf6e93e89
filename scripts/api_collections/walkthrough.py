"""A first tour of the API: is it there, make a clip, read the job until it has ended, find it in the list.

Each step has tests in JavaScript. Both clients have Chai's `expect`; the rest differs, and is in `Dialect`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from api_collections.requests import Parameter, Request

FOLDER = "Walkthrough"
DESCRIPTION = "A first tour, to run from top to bottom. Its tests fail if the API does not do what it promises."
_READ = "Read the job until it has ended"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a client's scripts call what all of them have."""

    test: str
    expect: str
    status: str
    body: str
    remember: str
    """A function that keeps a variable for later requests, given its name and value."""
    recall: str
    again: str
    """A function that sends the request of this name next."""
    later: str
    """A call that runs `again` in a second, before anything else."""


@dataclass(frozen=True, slots=True)
class Step:
    """A request, and the script that runs after it."""

    request: Request
    script: str


def steps(dialect: Dialect) -> list[Step]:
    """Return the tour in a client's dialect."""
    return [
        Step(
            _request("walk_health", "Is it there?", "GET", "/health", needs_key=False),
            _script(dialect, _HEALTHY),
        ),
        Step(
            _request("walk_submit", "Make a clip from a picture", "POST", "/video/img2vid", body=_CLIP, headers=_WAIT),
            _script(dialect, _ACCEPTED),
        ),
        Step(
            _request("walk_read", _READ, "GET", "/job/{job_id}", path_parameters=_JOB),
            _script(dialect, _FINISHED),
        ),
        Step(
            _request("walk_list", "Find it in the list", "GET", "/jobs", query=_LIMIT),
            _script(dialect, _LISTED),
        ),
    ]


_HEALTHY = """const body = $body;
$test('it is healthy', function () {
  $expect($status).to.equal(200);
  $expect(body.status).to.equal('healthy');
});
"""
_ACCEPTED = """const body = $body;
$remember('jobId', body.job_id);
$test('the job is accepted', function () {
  $expect($status).to.be.oneOf([200, 202]);
  $expect(body.job_id).to.be.a('string').and.not.empty;
});
"""
_FINISHED = f"""const body = $body;
const tries = Number($recall('tries') || 0);
const isRunning = ['ACCEPTED', 'IN_QUEUE', 'IN_PROGRESS'].includes(body.status);
if (isRunning && tries < 120) {{
  $remember('tries', tries + 1);
  $again('{_READ}');
  $later;
}} else {{
  $remember('tries', 0);
  $test('the job is completed', function () {{
    $expect($status).to.equal(200);
    $expect(body.status).to.equal('COMPLETED');
  }});
  $test('the video can be downloaded', function () {{
    $expect(body.video_url).to.be.a('string').and.not.empty;
  }});
}}
"""
_LISTED = """const body = $body;
$test('the job is listed', function () {
  $expect($status).to.equal(200);
  $expect(body.jobs.map(function (job) { return job.job_id; })).to.include($recall('jobId'));
});
"""


def _script(dialect: Dialect, text: str) -> str:
    return Template(text).substitute(asdict(dialect))


_CLIP = {"url_image": "{{photoUrl}}", "size": "320x180", "duration": 1, "metadata": {"scene": "7"}}
_WAIT = (Parameter("Prefer", "wait=25", "Respond when the job has finished, or after 25 seconds."),)
_LIMIT = (Parameter("limit", "20", "Jobs per page."),)
_JOB = (Parameter("job_id", "{{jobId}}", "The `job_id` that the submit returned."),)


def _request(key: str, name: str, method: str, path: str, *, needs_key: bool = True, **rest: object) -> Request:
    return Request(key, name, FOLDER, "", method, path, needs_key, **rest)  # type: ignore[arg-type]
