"""The path of frames to the encoder: on the CPU, on the GPU, or on both."""

from __future__ import annotations

from dataclasses import dataclass

from contract.operations import Role
from contract.options.output import Quality
from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.captions.added_frames import add_frames, first_frame_filters
from gpu_worker.plan.captions.ass_script import BURN_FILTER
from gpu_worker.plan.cuda.graph import CUDA_INPUT_ARGS, DOWNLOAD_FILTERS, gpu_graph
from gpu_worker.plan.encode import TAG_FILTER, decoder_threads_args
from gpu_worker.plan.filters import decoder_args, frame_timing_args
from gpu_worker.plan.gpu import ALL_STAGES, GpuStage
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import IN_VIDEO, PlanOptions
from gpu_worker.plan.picture.changes import PictureChanges
from gpu_worker.plan.picture.frame import frame_chain
from gpu_worker.plan.picture.watermark import watermark_chain


@dataclass(frozen=True, slots=True)
class Route:
    """The path of the frames from `[0:V:0]` to the encoder, and the stages of it that run on the GPU."""

    input_args: tuple[str, ...]
    graph: str
    timing: tuple[str, ...]
    gpu: frozenset[GpuStage]


def route_video(
    video: VideoFacts,
    cues: tuple[Cue, ...] | None,
    added: tuple[int, ...],
    stages: frozenset[GpuStage],
    options: PlanOptions,
    changes: PictureChanges,
) -> Route:
    """Return the path of a video's frames. `added` are the times of frames that captions add to it."""
    input_args = (*decoder_args(video), *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels))
    first_frame = first_frame_filters(video)
    timing = frame_timing_args(video, keep_clock=not (added or first_frame))
    if stages == ALL_STAGES:
        return Route((*CUDA_INPUT_ARGS, *input_args), gpu_graph(video, cues), timing, stages)
    if GpuStage.DECODE in stages:
        # No scaling to the same size: if the GPU decodes to another one, the check of the output must notice it.
        chain = DOWNLOAD_FILTERS if changes.frame is None else f"{DOWNLOAD_FILTERS},{frame_chain(video, changes.frame)}"
        graph = cpu_graph(video.selector, watermark_chain(chain, changes.watermark), cues, added)
        return Route((*CUDA_INPUT_ARGS, *input_args), graph, timing, stages)
    threads = () if GpuStage.ENCODE in stages else decoder_threads_args(options)
    chain = ",".join((*first_frame, frame_chain(video, changes.frame)))
    graph = cpu_graph(video.selector, watermark_chain(chain, changes.watermark), cues, added)
    return Route((*_draft_decoding_args(options), *threads, *input_args), graph, timing, stages)


def _draft_decoding_args(options: PlanOptions) -> tuple[str, ...]:
    """Return options before an input of which a draft is made: its edges of blocks do not show at half the size."""
    return ("-skip_loop_filter", "all") if options.quality is Quality.DRAFT else ()


def cpu_graph(selector: str, chain: str, cues: tuple[Cue, ...] | None, added: tuple[int, ...] = ()) -> str:
    """Return a graph whose stages run on the CPU: `chain`, then the captions, then the tags of the colors."""
    last = TAG_FILTER if cues is None else f"{BURN_FILTER},{TAG_FILTER}"
    chain = add_frames(added, chain, last) if added else f"{chain},{last}" if chain else last
    return f"[0:{selector}]{chain}[picture]"
