// Submit a job and read it, with the types of openapi-typescript. Argument: the URL of the system.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const url = process.argv[2]!;
const client = createClient<paths>({ baseUrl: url, headers: { "X-API-Key": "local-key" } });

const submitted = await client.POST("/video/img2vid", {
  params: { header: { Prefer: "wait=25" } },
  body: { url_image: `${url}/samples/photo.jpg`, size: "128x72", duration: 0.5, motion: "pan_left", metadata: { row: "7" } },
});
if (submitted.error) throw new Error(submitted.error.detail);
if ("dry_run" in submitted.data) throw new Error("not requested");
const read = await client.GET("/job/{job_id}", { params: { path: { job_id: submitted.data.job_id } } });
if (read.error) throw new Error(read.error.detail);
const status: components["schemas"]["State"] = read.data.status;
const video: string | null = read.data.video_url;
const refused = await client.GET("/job/{job_id}", { params: { path: { job_id: "no-such-job" } } });
const code: components["schemas"]["ProblemCode"] | undefined = refused.error?.code;
console.log(status, read.data.video?.width, JSON.stringify(read.data.metadata), video !== null, code);
