"""A plain first version of the same three requests: FastAPI, Mangum, boto3 and all parts of Powertools."""

import json
import os
import time
import uuid
from typing import Any

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from fastapi import FastAPI, Header, HTTPException, Request
from mangum import Mangum
from pydantic import BaseModel, HttpUrl

logger = Logger(service="naive")
metrics = Metrics(namespace="naive", service="naive")
tracer = Tracer(service="naive")
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
s3 = boto3.client("s3")
http = urllib3.PoolManager()
app = FastAPI(title="naive")


class Compose(BaseModel):
    """A picture, a narration and subtitles become a video."""

    url_image: HttpUrl
    url_audio: HttpUrl | None = None
    url_srt: HttpUrl | None = None
    webhook_url: HttpUrl | None = None
    metadata: dict[str, str] = {}


class JobView(BaseModel):
    """A job as clients see it."""

    job_id: str
    status: str
    operation: str
    percent: int
    created_at: int
    completed_at: int | None = None
    video_url: str | None = None
    metadata: dict[str, str] = {}


def read_job(job_id: str) -> dict[str, Any]:
    """Return the stored job. Raises HTTPException 404."""
    item = table.get_item(Key={"pk": f"JOB#{job_id}"}, ConsistentRead=True).get("Item")
    if item is None:
        raise HTTPException(404)
    return item


@app.get("/job/{job_id}")
def get_job(job_id: str, x_api_key: str | None = Header(None)) -> JobView:
    """Return one job."""
    if x_api_key is None:
        raise HTTPException(401)
    item = read_job(job_id)
    job = json.loads(str(item["doc"]))
    logger.info("job shown", extra={"job_id": job_id})
    return JobView(
        job_id=job_id,
        status=str(item["state"]),
        operation=job["operation"]["kind"],
        percent=job.get("percent", 0),
        created_at=job["created_at"],
        metadata=job.get("metadata", {}),
    )


@app.post("/video/compose", status_code=202)
def submit(
    compose: Compose, x_api_key: str | None = Header(None), idempotency_key: str | None = Header(None)
) -> JobView:
    """Store a job, send it to RunPod and store that."""
    if x_api_key is None:
        raise HTTPException(401)
    job_id, now, bucket = str(uuid.uuid4()), int(time.time() * 1000), os.environ["BUCKET_NAME"]
    operation = {"kind": "compose", **compose.model_dump(mode="json")}
    item: dict[str, Any] = {
        "pk": f"JOB#{job_id}",
        "state": "ACCEPTED",
        "version": 1,
        "doc": json.dumps({"job_id": job_id, "operation": operation, "created_at": now, "metadata": compose.metadata}),
    }
    if idempotency_key:
        key = {"pk": f"IDEM#{idempotency_key}", "job_id": job_id}
        table.put_item(Item=key, ConditionExpression="attribute_not_exists(pk)")
    table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
    # The three URLs that the worker needs.
    urls = [
        s3.generate_presigned_url(
            "put_object", {"Bucket": bucket, "Key": f"jobs/{job_id}/{name}", "ContentType": kind}, ExpiresIn=3600
        )
        for name, kind in (("output.mp4", "video/mp4"), ("manifest.json", "application/json"))
    ]
    urls.append(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": f"jobs/{job_id}/output.mp4"}))
    answer = http.request(
        "POST",
        f"{os.environ['RUNPOD_API_URL']}/{os.environ['RUNPOD_ENDPOINT_ID']}/run",
        json={"input": {"job_id": job_id, "operation": operation, "urls": urls}},
        headers={"Authorization": f"Bearer {os.environ['RUNPOD_API_KEY']}"},
    )
    table.put_item(
        Item={**item, "state": "IN_QUEUE", "version": 2, "runpod_job_id": answer.json()["id"]},
        ConditionExpression="version = :before",
        ExpressionAttributeValues={":before": 1},
    )
    metrics.add_metric(name="JobsAccepted", unit=MetricUnit.Count, value=1)
    logger.info("job accepted", extra={"job_id": job_id})
    return JobView(job_id=job_id, status="IN_QUEUE", operation="compose", percent=0, created_at=now)


@app.post("/runpod/webhook/{job_id}/{token}")
async def webhook(job_id: str, token: str, request: Request) -> dict[str, bool]:
    """Settle a job when RunPod reports that it has finished."""
    if not token:
        raise HTTPException(404)
    await request.body()
    item = read_job(job_id)
    bucket = os.environ["BUCKET_NAME"]
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=f"jobs/{job_id}/manifest.json")["Body"].read())
    size = s3.head_object(Bucket=bucket, Key=f"jobs/{job_id}/output.mp4")["ContentLength"]
    if size != manifest["artifacts"][0]["size_bytes"]:
        raise HTTPException(409)
    version = int(str(item["version"]))
    table.put_item(
        Item={**item, "state": "COMPLETED", "version": version + 1},
        ConditionExpression="version = :before",
        ExpressionAttributeValues={":before": version},
    )
    metrics.add_metric(name="JobsCompleted", unit=MetricUnit.Count, value=1)
    logger.info("job completed", extra={"job_id": job_id})
    return {"ok": True}


_asgi = Mangum(app, lifespan="off")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> Any:
    """Handle an API Gateway event (payload format 2.0)."""
    return _asgi(event, context)
