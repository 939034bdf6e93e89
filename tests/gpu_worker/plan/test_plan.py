"""The command lines of each operation and the rules behind them. No process is started."""

from __future__ import annotations

from array import array
from dataclasses import replace
from fractions import Fraction

import pytest

from contract.operations import Role
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from gpu_worker.media.info import AudioFacts, Color, Cue, Facts, PhotoInfo, VideoFacts
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.input_args import CODECS
from gpu_worker.plan.model import Encoder, Plan, PlanOptions
from tests.support.media.inputs import inputs_of

U = "https://example.com/file"
VIDEO = VideoFacts(
    codec="h264", width=1280, height=720, frames=50, start=Fraction(0), end=Fraction(2), frame_rate=Fraction(25),
    packet_times=array("q", range(50)), time_base=Fraction(1, 25), color=Color("bt709", "bt709", "bt709"),
)  # fmt: skip
PHOTO = PhotoInfo(4000, 3000)
AAC = AudioFacts("aac", 48000, 2, Fraction(0), Fraction(2))
MP3 = AudioFacts("mp3", 44100, 2, Fraction(0), Fraction(3, 2))
MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
CUES = (Cue(500, 1200, "Hello"),)
ENCODES = Gpu().disabling({GpuStage.DECODE, GpuStage.DRAW}, UnavailableReason.NO_CAPABILITY)
OPTIONS = PlanOptions(threads=3, max_pixels=1000, max_output_bytes=9999)

TIMED = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,w64,aac,ac3,eac3,flac,aiff,amr,caf"
OPEN_VIDEO = (
    f"-protocol_whitelist file,pipe -format_whitelist {TIMED},gif -codec_whitelist {CODECS[Role.VIDEO]} "
    "-max_pixels 1000 -i in_video"
)
OPEN_AUDIO = (
    f"-protocol_whitelist file,pipe -format_whitelist {TIMED} -codec_whitelist {CODECS[Role.AUDIO]} "
    "-max_pixels 1000 -i in_audio"
)
OPEN_IMAGE = "-protocol_whitelist file,pipe -f rawvideo -pixel_format rgb24 -video_size 4000x3000 -i photo.rgb"
TAGS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
SCALE = "scale=1280:720:flags=bicubic:in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p"
X264 = (
    "-c:v libx264 -preset veryfast -crf 23 -g 250 -profile:v high -pix_fmt yuv420p -threads 3 "
    "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv"
)
NVENC = (
    "-c:v h264_nvenc -preset p5 -tune hq -rc vbr -cq 23 -b:v 0 -spatial-aq 1 -bf 3 -rc-lookahead 10 -g 250 "
    "-profile:v high -pix_fmt yuv420p "
    "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv"
)
FILE = "-map_metadata -1 -map_chapters -1 -sn -dn -movflags +faststart -fs 9999 -f mp4 -y out.mp4"
RAW = "-f rawvideo -pixel_format yuv420p -video_size 640x360 -framerate {rate} -protocol_whitelist file,pipe -i pipe:0"
CLOCK = "aresample=async=1:min_hard_comp=0.04:first_pts=0"
BURN = "ass=f=captions.ass:fontsdir=fonts"


def test_part_that_is_copied_is_not_encoded() -> None:
    plan = make_plan(Caption(url_video=U, url_srt=U), inputs_of(Facts(MP4, VIDEO, AAC), cues=CUES), OPTIONS)
    assert (plan.copied_seconds, plan.encoded_seconds) == (0, 2)
    mixed = replace(plan, copied_part=Fraction(3, 2))
    assert (mixed.copied_seconds, mixed.encoded_seconds) == (Fraction(3, 2), Fraction(1, 2))
    without_video = replace(plan, expected=None, video_mode=None)
    assert (without_video.copied_seconds, without_video.encoded_seconds) == (None, None)


def lines(plan: Plan) -> list[str]:
    return [" ".join(step.args) for step in plan.steps]


def video_info(video: VideoFacts = VIDEO, audio: AudioFacts | None = AAC, container: str = MP4) -> Facts:
    return Facts(container, video, audio)


def audio_info(audio: AudioFacts = MP3) -> Facts:
    return Facts("mp3", None, audio)


def test_caption_burns_the_cues_and_copies_the_sound() -> None:
    plan = make_plan(Caption(url_video=U, url_srt=U), inputs_of(video=video_info(), cues=CUES), OPTIONS)
    assert lines(plan) == [
        (
            f"-threads 1 {OPEN_VIDEO} -filter_complex [0:V:0]{SCALE},{BURN},{TAGS}[picture] "
            f"-map [picture] -fps_mode passthrough {X264} -map 0:a:0 -c:a copy -t 86400 {FILE}"
        )
    ]
    assert set(plan.files) == {"captions.ass"}
    assert (plan.expected.frames, plan.expected.size, plan.expected.has_audio) == (50, (1280, 720), True)


def test_img2vid_encodes_the_drawn_frames() -> None:
    operation = Img2Vid(url_image=U, duration=2, frame_rate=29.97, size="640x360")
    plan = make_plan(operation, inputs_of(image=PHOTO), OPTIONS)
    assert lines(plan) == [
        (
            f"-threads 1 {RAW.format(rate='30000/1001')} -filter_complex [0:V:0]{TAGS}[picture] -map [picture] "
            f"{X264} -an -t 86400 {FILE}"
        ),
    ]
    feed = plan.steps[0].feed
    assert feed is not None
    assert (feed.size, feed.frames, feed.transitions) == ((640, 360), 60, ())
    (scene,) = feed.scenes
    assert (scene.path, scene.canvas, scene.start, scene.frames) == ("in_image.yuv", (848, 476), 0, 60)
    assert (plan.expected.frames, plan.expected.frames_tolerance) == (60, 0)
    assert plan.expected.duration == Fraction(60 * 1001, 30000)


def test_addaudio_copies_the_picture_and_encodes_the_sound() -> None:
    plan = make_plan(AddAudio(url_video=U, url_audio=U), inputs_of(video=video_info(), audio=audio_info()), OPTIONS)
    assert lines(plan) == [
        (
            f"-t 1.501000 -skip_frame all {OPEN_VIDEO} {OPEN_AUDIO} -filter_complex "
            f"[1:a:0]{CLOCK},aformat=channel_layouts=stereo,apad=whole_dur=1.500000,atrim=end=1.500000[sound] "
            "-map 0:V:0 -c:v copy "
            "-bsf:v setts=pts='if(lt(PTS,38),PTS,38+floor((PTS-38)/1))'"
            ":duration='if(lt(PTS,37),DURATION,max(DURATION,38-PTS))' "
            "-video_track_timescale 1600 -movie_timescale 1600 "
            f"-map [sound] -c:a aac -b:a 192k {FILE}"
        )
    ]
    assert (plan.video_mode, plan.encoder, plan.ends_at) == ("copy", None, Fraction(3, 2))
    assert (plan.expected.frames, plan.expected.frames_tolerance, plan.expected.sound_end) == (38, 0, Fraction(3, 2))


def test_compose_from_a_picture_is_encoded_once() -> None:
    operation = Compose(url_image=U, url_audio=U, url_srt=U, duration=2, size="640x360")
    plan = make_plan(operation, inputs_of(image=PHOTO, audio=audio_info(), cues=CUES), OPTIONS)
    assert lines(plan) == [
        (
            f"-threads 1 {RAW.format(rate='24')} {OPEN_AUDIO} -filter_complex [0:V:0]{BURN},{TAGS}[picture] "
            f"-filter_complex [1:a:0]{CLOCK},aformat=channel_layouts=stereo,apad=whole_dur=2.000000,"
            "atrim=end=2.000000[sound] "
            f"-map [picture] {X264} "
            f"-map [sound] -c:a aac -b:a 192k -t 2.000000 {FILE}"
        ),
    ]


def test_compose_from_a_video_is_encoded_once() -> None:
    operation = Compose(url_video=U, url_audio=U, url_srt=U)
    plan = make_plan(
        operation, inputs_of(video=video_info(), audio=audio_info(), cues=CUES), replace(OPTIONS, gpu=ENCODES)
    )
    assert lines(plan) == [
        (
            f"{OPEN_VIDEO} {OPEN_AUDIO} -filter_complex [0:V:0]{SCALE},{BURN},{TAGS}[picture] "
            f"-filter_complex [1:a:0]{CLOCK},aformat=channel_layouts=stereo,apad=whole_dur=1.500000,"
            "atrim=end=1.500000[sound] "
            f"-map [picture] -fps_mode passthrough {NVENC} -map [sound] -c:a aac -b:a 192k -t 1.500000 {FILE}"
        )
    ]
    assert (plan.expected.frames, plan.encoder) == (38, Encoder.NVENC)


def test_every_plan_states_the_end_of_its_sound() -> None:
    late = video_info(audio=replace(AAC, end=Fraction(3)))
    assert make_plan(Caption(url_video=U, url_srt=U), inputs_of(video=late, cues=CUES), OPTIONS).expected.sound_end == 3
    inputs = inputs_of(image=PHOTO, audio=audio_info())
    still = make_plan(Compose(url_image=U, url_audio=U, duration=2), inputs, OPTIONS)
    assert (still.expected.sound_end, still.expected.sound_end_tolerance) == (2, 0)
    for options in (OPTIONS, replace(OPTIONS, may_copy=False)):
        replaced = make_plan(
            AddAudio(url_video=U, url_audio=U), inputs_of(video=video_info(), audio=audio_info()), options
        )
        assert (replaced.expected.sound_end, replaced.expected.sound_end_tolerance) == (Fraction(3, 2), 0)


@pytest.mark.parametrize("mode", ["replace", "mix"])
def test_sound_that_changes_midway_is_decoded_to_one_format_first(mode: str) -> None:
    changing = replace(MP3, is_steady=False, has_wrong_times=True, number=1)
    inputs = inputs_of(video=video_info(audio=replace(AAC, is_steady=False)), audio=audio_info(changing))
    line = lines(make_plan(AddAudio(url_video=U, url_audio=U, mode=mode), inputs, OPTIONS))[0]
    assert "-map 1:a:1 -af pan=stereo|" in line
    assert f"-f null - -dec 0:0 {'-dec 0:1 ' * (mode == 'mix')}-filter_complex [dec:" in line
    assert "]asetpts=N/SR/TB," in line


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"color": Color()}, "in_color_matrix=bt709"),
        ({"color": Color(), "width": 640, "height": 480}, "scale=640:480:flags=bicubic:in_color_matrix=bt601"),
        ({"color": Color("smpte170m")}, "in_color_matrix=smpte170m"),
        ({"color": Color("bt470bg")}, "in_color_matrix=bt601"),
        ({"color": Color("bt2020nc")}, "in_color_matrix=bt2020"),
        ({"pix_fmt": "rgb24", "color": Color("gbr")}, "in_color_matrix=auto"),
        ({"color": Color("bt2020nc", "bt2020", "arib-std-b67")}, "tonemap=tonemap=mobius"),
        ({"is_interlaced": True}, "[0:V:0]bwdif=mode=send_frame:deint=all,scale"),
        ({"width": 721, "height": 577}, "scale=720:576"),
        ({"sample_aspect": Fraction(4, 3), "width": 1440, "height": 1080}, "scale=1920:1080"),
        ({"sample_aspect": Fraction(1, 2), "width": 640, "height": 480}, "scale=640:960"),
        ({"rotation": 90}, "scale=720:1280"),
        ({"has_constant_rate": False}, "-fps_mode passthrough -enc_time_base 1:90000"),
    ],
)
def test_every_kind_of_picture_is_converted_to_bt709(change: dict[str, object], part: str) -> None:
    video = replace(VIDEO, **change)  # type: ignore[arg-type]
    plan = make_plan(Caption(url_video=U, url_srt=U), inputs_of(video=video_info(video), cues=CUES), OPTIONS)
    assert part in lines(plan)[0]


def test_no_url_and_no_caption_reaches_a_command_line() -> None:
    cue = Cue(0, 1000, "x'; [a]movie=/etc/passwd,")
    plan = make_plan(Caption(url_video=U, url_srt=U), inputs_of(video=video_info(), cues=(cue,)), OPTIONS)
    assert "passwd" not in lines(plan)[0]
    assert "example.com" not in lines(plan)[0]


def test_without_may_copy_the_picture_is_encoded() -> None:
    inputs = inputs_of(video=video_info(), audio=audio_info())
    plan = make_plan(AddAudio(url_video=U, url_audio=U), inputs, replace(OPTIONS, may_copy=False))
    assert (plan.video_mode, plan.encoder) == ("encode", Encoder.X264)
    assert "-c:v libx264" in lines(plan)[0]


@pytest.mark.parametrize(
    ("video", "container", "mode"),
    [
        (VIDEO, MP4, "copy"), (replace(VIDEO, codec="av1"), "matroska,webm", "copy"), (VIDEO, "avi", "encode"),
        (replace(VIDEO, codec="ffv1"), "matroska,webm", "encode"), (replace(VIDEO, codec="prores"), MP4, "encode"),
    ],
)  # fmt: skip
def test_only_playable_formats_are_copied(video: VideoFacts, container: str, mode: str) -> None:
    plan = make_plan(
        AddAudio(url_video=U, url_audio=U),
        inputs_of(video=video_info(video, AAC, container), audio=audio_info()),
        OPTIONS,
    )
    assert plan.video_mode == mode


@pytest.mark.parametrize(
    ("times", "end", "frames", "gap"),
    [
        ([0, 4, 2, 1, 3, 8, 6, 5, 7], "4/25", 4, 1),
        ([0, 4, 2, 1, 3, 8, 6, 5, 7], "7/25", 7, 1),
        ([0, 6, 3, 12, 9], "6/25", 2, 3),
        ([0, 6, 3, 12, 9], "7/25", 3, 2),
        ([0, 3, 6, 9], "10/25", 4, 1),
    ],
)
def test_copy_hides_frames_after_its_end_and_keeps_their_order(
    times: list[int], end: str, frames: int, gap: int
) -> None:
    video = replace(VIDEO, frames=len(times), end=Fraction(13, 25), packet_times=array("q", times))
    inputs = inputs_of(video=video_info(video), audio=audio_info(replace(MP3, end=Fraction(end))))
    plan = make_plan(AddAudio(url_video=U, url_audio=U), inputs, OPTIONS)
    stop = Fraction(end) * 25
    assert f"PTS,{stop}+floor((PTS-{stop})/{gap}))" in lines(plan)[0]
    assert (plan.expected.frames, plan.ends_at) == (frames, Fraction(end))


def test_stream_that_may_state_the_pixel_aspect_is_probed() -> None:
    wide = replace(VIDEO, sample_aspect=Fraction(4, 3))
    operation = AddAudio(url_video=U, url_audio=U)
    assert (
        "-skip_frame"
        not in lines(make_plan(operation, inputs_of(video=video_info(wide), audio=audio_info()), OPTIONS))[0]
    )
