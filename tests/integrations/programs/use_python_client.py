"""Submit a job and read it, with the client that openapi-python-client generated. Argument: the URL of the system."""

import sys

import httpx
from generated import AuthenticatedClient
from generated.api.jobs import get_job, list_jobs
from generated.api.videos import img2vid
from generated.models import Img2VidRequest, Img2VidRequestMetadata, JobPage, JobView, MotionKind, Problem, ProblemCode

url = sys.argv[1]
client = AuthenticatedClient(url, "local-key", prefix="", auth_header_name="X-API-Key", timeout=httpx.Timeout(60))
body = Img2VidRequest(
    url_image=f"{url}/samples/photo.jpg",
    size="128x72",
    duration=0.5,
    motion=MotionKind.PAN_LEFT,
    metadata=Img2VidRequestMetadata.from_dict({"row": "7"}),
)
submitted = img2vid.sync(client=client, body=body, prefer="wait=25")
assert isinstance(submitted, JobView), submitted
job = get_job.sync(submitted.job_id, client=client)
assert isinstance(job, JobView), job
page = list_jobs.sync(client=client, limit=5)
assert isinstance(page, JobPage), page
refused = get_job.sync("no-such-job", client=client)
assert isinstance(refused, Problem), refused
assert refused.code is ProblemCode.NOT_FOUND
assert job.video is not None
is_listed = submitted.job_id in [entry.job_id for entry in page.jobs]
print(job.status.value, job.video.width, job.metadata.to_dict(), is_listed, job.created_at.tzinfo is not None)
