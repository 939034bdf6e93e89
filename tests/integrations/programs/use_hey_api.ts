// Submit a job and read it, with the client that @hey-api/openapi-ts generated. Argument: the URL of the system.
import { client } from "./client/client.gen.js";
import { getJob, img2Vid } from "./client/sdk.gen.js";
import type { ProblemCode, State } from "./client/types.gen.js";

const url = process.argv[2]!;
client.setConfig({ baseUrl: url, auth: "local-key" });

const submitted = await img2Vid({
  headers: { Prefer: "wait=25" },
  body: { url_image: `${url}/samples/photo.jpg`, size: "128x72", duration: 0.5, motion: "pan_left", metadata: { row: "7" } },
});
if (submitted.error) throw new Error(submitted.error.detail);
if ("dry_run" in submitted.data) throw new Error("not requested");
const read = await getJob({ path: { job_id: submitted.data.job_id } });
if (read.error) throw new Error(read.error.detail);
const status: State = read.data.status;
const video: string | null = read.data.video_url;
const refused = await getJob({ path: { job_id: "no-such-job" } });
const code: ProblemCode | undefined = refused.error?.code;
console.log(status, read.data.video?.width, JSON.stringify(read.data.metadata), video !== null, code);
