"""One method per operation, made from the operations by `make generate`: edit those."""

# fmt: off

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

if TYPE_CHECKING:
    from api_gpu.async_job import AsyncJob
    from api_gpu.core.upload_cache import Upload
    from api_gpu.core.uploads import OnUpload
    from api_gpu.job import Job
    from api_gpu.objects import (
        CaptionStyle,
        ClipImage,
        Motion,
        Music,
        Part,
        Poster,
        Replacement,
        SlideshowImage,
        TimeRange,
        Transition,
        VideoPart,
        Watermark,
    )

PATHS = {
    "addaudio": "/video/addaudio",
    "caption": "/video/caption",
    "compose": "/video/compose",
    "concatenate": "/video/concatenate",
    "img2vid": "/video/img2vid",
    "probe": "/media/probe",
    "slideshow": "/video/slideshow",
    "thumbnail": "/video/thumbnail",
    "transcribe": "/audio/transcribe",
    "trim": "/video/trim",
}
"""Routes by operation."""

URL_FIELDS = frozenset({
    "images", "music", "overlay", "url_audio", "url_image", "url_srt", "url_video", "videos",
})
"""Fields that take URLs, and therefore files."""


class OperationMethods:
    """The operations."""

    @abstractmethod
    def submit(
        self, operation: str, body: Mapping[str, Any], *, idempotency_key: str | None = None,
        wait: float | None = None, on_upload: OnUpload | None = None,
    ) -> Job:
        """Make a job."""

    def addaudio(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        url_audio: str | Path | BinaryIO | Upload,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        mode: Literal["replace", "mix", "music"] | None = None,
        volume: float | None = None,
        volume_db: float | None = None,
        fade_in: float | None = None,
        fade_out: float | None = None,
        fit_audio: Literal["cut", "loop", "pad"] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Put a sound under a video.

        The picture is copied unchanged unless a size or an `overlay` is requested. The result ends with the shorter
        of the two, to the frame; `fit_audio` changes that. With the mode 'music' it lasts as long as the video.
        `music` plays under all other sounds until the end.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            mode: `replace` leaves only the new sound, `mix` plays it together with the video's own, `music` plays it
                quietly under the video's own and lowers it while somebody speaks. Default: replace.
            volume: Factor for the new sound: 1, the default, leaves it unchanged. From 0 to 4.
            volume_db: Change of the new sound's level in dB, in place of `volume`: 0 leaves it unchanged. From -60 to
                12.
            fade_in: Seconds in which the new sound becomes loud at its start. From 0 to 10.
            fade_out: Seconds in which the new sound becomes silent before its end. From 0 to 10.
            fit_audio: If the new sound is shorter than the video: `cut` ends the video with it, `loop` repeats it,
                `pad` adds silence.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "music": music,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "mode": mode,
            "volume": volume,
            "volume_db": volume_db,
            "fade_in": fade_in,
            "fade_out": fade_out,
            "fit_audio": fit_audio,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "addaudio", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def caption(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Draw captions into a video.

        Send exactly one of `url_srt`, `captions` and `words`. The sound is copied, and with `subtitle_mode` `soft`
        the picture, too. Styles that follow the speech take the times of `words`. Without them they find the words in
        the sound, where speech recognition is installed; else each caption's time is shared among its words by their
        length. Automatic captions from YouTube show each phrase once. Old text encodings are recognized and named in
        the warnings; other subtitle formats are refused by name.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_srt": url_srt,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "caption", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def compose(
        self,
        *,
        url_image: str | Path | BinaryIO | Upload | None = None,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        duration: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Combine a picture or a video with sound and captions in one encode.

        Send exactly one of `url_image` and `url_video`; with `url_video` also `url_audio`, captions or both. Captions
        come from one of `url_srt`, `captions` and `words`. A clip from a picture lasts `duration`; without it as long
        as its sound, else as its captions, else 5 s. A video with `url_audio` ends with the shorter of the two;
        without it, the video keeps its own sound. `music` plays under that sound until the end. `frame_rate`,
        `duration` and `motion` apply to a picture only, the size and `fit` to both. A clip from a picture has
        1920x1080 pixels by default; a video keeps its size.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_image: A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 24.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                zoom_in.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            duration: Length of a clip from a picture in seconds, by default that of its sound. From 0.1 to 300.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_image": url_image,
            "url_video": url_video,
            "url_audio": url_audio,
            "url_srt": url_srt,
            "music": music,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "duration": duration,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "compose", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def concatenate(
        self,
        *,
        videos: Sequence[str | Path | BinaryIO | Upload | VideoPart],
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        transition: (
            Literal["cut", "fade", "fade_black", "fade_white", "dissolve", "wipe_left", "wipe_right", "wipe_up",
            "wipe_down", "slide_left", "slide_right", "slide_up", "slide_down", "smooth_left", "smooth_right",
            "circle_open", "circle_close", "zoom_in", "pixelize"] | Transition
        ) | None = None,
        frame_rate: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Join videos one after the other.

        `videos` has from 2 to 100 URLs, or objects with `url_video` and, for a part of a video, `start` and `end`.
        The same URL may appear several times. Videos of the same kind, as one encoder makes them with the same
        settings, are joined without a change of their picture; all others are encoded once. The result has the size
        and the frame rate of the first video unless the request states others. A video without sound is silent; a
        sound ends with its picture. With a `transition` neighbors overlap: the result is shorter by its duration for
        each join, and the sounds are crossfaded. Each part must last at least twice as long as the transition. An
        `overlay` lies over the joined picture.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            videos: Videos in their order: URLs, or objects with `url_video`, `start` and `end`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            transition: Transition between scenes: the name of a kind, or an object with `kind` and `duration`.
                Default: cut.
            frame_rate: Frames per second, by default those of the first video. From 1 to 60.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "videos": videos,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "transition": transition,
            "frame_rate": frame_rate,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "concatenate", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def img2vid(
        self,
        *,
        url_image: str | Path | BinaryIO | Upload | None = None,
        images: Sequence[str | Path | BinaryIO | Upload | ClipImage] | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        duration: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Turn a picture, or each of several, into a clip with a slow zoom or another motion.

        Send `url_image`, or up to 20 pictures in `images`: each becomes a video of its own, `output_1.mp4`,
        `output_2.mp4` and so on, in their order. By default the zoom goes from 1.0 to 1.324 into the center, and the
        frame has 1920x1080 pixels. A clip has exactly `round(duration * frame_rate)` frames and no sound.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_image: A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.
            images: The pictures of several clips in their order: URLs, or objects with `url_image` and what differs.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 24.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                zoom_in.
            duration: Length of the clip in seconds. From 0.1 to 300. Default: 5.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_image": url_image,
            "images": images,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "duration": duration,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "img2vid", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def probe(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        measure: Sequence[Literal["loudness", "silence", "black"]] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Describe a video or a sound.

        Send exactly one of `url_video` and `url_audio`. The result has no video: its artifact is `probe.json`, with
        the container, the exact length, the picture as players show it, every sound, and whether the picture is
        `copyable`, as `addaudio` and `trim` copy it. Videos with the same `copyable_with` are joined by `concatenate`
        without encoding. Lengths and frames are counted from the packets of the file, not read from its header.
        `measure` also decodes the file. No part of it uses the GPU.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            measure: What to measure by decoding the file: `loudness`, `silence`, `black`.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "measure": measure,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "probe", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def slideshow(
        self,
        *,
        images: Sequence[str | Path | BinaryIO | Upload | SlideshowImage],
        url_audio: str | Path | BinaryIO | Upload | None = None,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        transition: (
            Literal["cut", "fade", "fade_black", "fade_white", "dissolve", "wipe_left", "wipe_right", "wipe_up",
            "wipe_down", "slide_left", "slide_right", "slide_up", "slide_down", "smooth_left", "smooth_right",
            "circle_open", "circle_close", "zoom_in", "pixelize"] | Transition
        ) | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Turn pictures, a narration, music and captions into one video, in one encode.

        A picture's `duration` is the time from its start to that of the next one; the transition lies at its start.
        Pictures without a duration share the length of the narration, else that of the captions, and change where a
        sentence ends; without either, each is shown for 4 s. The last picture stays until the narration ends.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            images: The pictures in their order: URLs, or objects with `url_image` and what differs.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 30.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                ken_burns.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            transition: Transition between scenes: the name of a kind, or an object with `kind` and `duration`.
                Default: fade.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "images": images,
            "url_audio": url_audio,
            "url_srt": url_srt,
            "music": music,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "transition": transition,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "slideshow", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def thumbnail(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        at: str | float | None = None,
        count: int | None = None,
        width: int | None = None,
        format: Literal["jpg", "png", "webp"] | None = None,
        sprite: bool | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Make pictures of a video.

        The result has no video. With `count` 1 its artifact is `thumbnail.jpg`; else these are `thumbnail_1.jpg`,
        `thumbnail_2.jpg` and so on, spread evenly over the video. With `sprite` all pictures are in one sheet,
        `sprite.jpg`, with their places and times in `sprite.vtt`, as players show them over the progress bar.
        Pictures are upright, in square pixels and in sRGB; HDR is converted.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            at: Time of the picture: `auto`, seconds, or a share of the video such as `50%`. Default: auto.
            count: Number of pictures. From 1 to 100. Default: 1.
            width: Width of each picture in pixels. From 16 to 3840.
            format: Format of the pictures. Default: jpg.
            sprite: Whether all pictures are in one sheet. Default: false.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "at": at,
            "count": count,
            "width": width,
            "format": format,
            "sprite": sprite,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "thumbnail", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def transcribe(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        language: str | None = None,
        prompt: str | None = None,
        words: bool | None = None,
        formats: Sequence[Literal["json", "srt", "vtt"]] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Write down what is said in a sound or a video.

        Send exactly one of `url_audio` and `url_video`. The result has no video: its `artifacts` are
        `transcript.json`, `transcript.srt` and `transcript.vtt`. The JSON has the text, its language, sentences, and
        words with their times; `words` of other operations takes it as it is. Works where speech recognition is
        installed.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            language: Language of the speech.
            prompt: Names and terms to expect, as they are spelled.
            words: Whether the JSON has the times of words. Default: true.
            formats: Files to make: `json`, `srt`, `vtt`. Default: json,srt,vtt.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "language": language,
            "prompt": prompt,
            "words": words,
            "formats": formats,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "transcribe", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    def trim(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        start: float | str | None = None,
        end: float | str | None = None,
        duration: float | None = None,
        keep: Sequence[Part] | None = None,
        accuracy: Literal["exact", "fast"] | None = None,
        reencode: bool | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> Job:
        """Keep one or several parts of a video.

        Send `start`, `end` or both, or a list of parts in `keep`. A part has the frames that begin within it, each
        for its full time, and their sound to the sample. One part is copied without any loss where players can show
        it: the file then begins with the keyframe before, and its edit list hides the frames up to `start`;
        `reencode` leaves no hidden frames. Several parts become one video, which is encoded once, as is one of
        another size or `format`, or with an `overlay`. An `end` after the end of the video is its end.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            start: Start of the result in the video. From 0 to 86400.
            end: End of the result in the video. From 0 to 86400.
            duration: Length in seconds, in place of `end`. From 0.1 to 86400.
            keep: Parts to join, in rising order: objects with `start` and `end`.
            accuracy: First frame: `exact`, or `fast`, the keyframe before `start` with nothing hidden. Default:
                exact.
            reencode: Whether the picture is always encoded, so that no frames are hidden. Default: false.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "start": start,
            "end": end,
            "duration": duration,
            "keep": keep,
            "accuracy": accuracy,
            "reencode": reencode,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return self.submit(
            "trim", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )


class AsyncOperationMethods:
    """The operations."""

    @abstractmethod
    async def submit(
        self, operation: str, body: Mapping[str, Any], *, idempotency_key: str | None = None,
        wait: float | None = None, on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Make a job."""

    async def addaudio(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        url_audio: str | Path | BinaryIO | Upload,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        mode: Literal["replace", "mix", "music"] | None = None,
        volume: float | None = None,
        volume_db: float | None = None,
        fade_in: float | None = None,
        fade_out: float | None = None,
        fit_audio: Literal["cut", "loop", "pad"] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Put a sound under a video.

        The picture is copied unchanged unless a size or an `overlay` is requested. The result ends with the shorter
        of the two, to the frame; `fit_audio` changes that. With the mode 'music' it lasts as long as the video.
        `music` plays under all other sounds until the end.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            mode: `replace` leaves only the new sound, `mix` plays it together with the video's own, `music` plays it
                quietly under the video's own and lowers it while somebody speaks. Default: replace.
            volume: Factor for the new sound: 1, the default, leaves it unchanged. From 0 to 4.
            volume_db: Change of the new sound's level in dB, in place of `volume`: 0 leaves it unchanged. From -60 to
                12.
            fade_in: Seconds in which the new sound becomes loud at its start. From 0 to 10.
            fade_out: Seconds in which the new sound becomes silent before its end. From 0 to 10.
            fit_audio: If the new sound is shorter than the video: `cut` ends the video with it, `loop` repeats it,
                `pad` adds silence.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "music": music,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "mode": mode,
            "volume": volume,
            "volume_db": volume_db,
            "fade_in": fade_in,
            "fade_out": fade_out,
            "fit_audio": fit_audio,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "addaudio", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def caption(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Draw captions into a video.

        Send exactly one of `url_srt`, `captions` and `words`. The sound is copied, and with `subtitle_mode` `soft`
        the picture, too. Styles that follow the speech take the times of `words`. Without them they find the words in
        the sound, where speech recognition is installed; else each caption's time is shared among its words by their
        length. Automatic captions from YouTube show each phrase once. Old text encodings are recognized and named in
        the warnings; other subtitle formats are refused by name.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_srt": url_srt,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "caption", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def compose(
        self,
        *,
        url_image: str | Path | BinaryIO | Upload | None = None,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        duration: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Combine a picture or a video with sound and captions in one encode.

        Send exactly one of `url_image` and `url_video`; with `url_video` also `url_audio`, captions or both. Captions
        come from one of `url_srt`, `captions` and `words`. A clip from a picture lasts `duration`; without it as long
        as its sound, else as its captions, else 5 s. A video with `url_audio` ends with the shorter of the two;
        without it, the video keeps its own sound. `music` plays under that sound until the end. `frame_rate`,
        `duration` and `motion` apply to a picture only, the size and `fit` to both. A clip from a picture has
        1920x1080 pixels by default; a video keeps its size.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_image: A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 24.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                zoom_in.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            duration: Length of a clip from a picture in seconds, by default that of its sound. From 0.1 to 300.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_image": url_image,
            "url_video": url_video,
            "url_audio": url_audio,
            "url_srt": url_srt,
            "music": music,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "duration": duration,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "compose", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def concatenate(
        self,
        *,
        videos: Sequence[str | Path | BinaryIO | Upload | VideoPart],
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        transition: (
            Literal["cut", "fade", "fade_black", "fade_white", "dissolve", "wipe_left", "wipe_right", "wipe_up",
            "wipe_down", "slide_left", "slide_right", "slide_up", "slide_down", "smooth_left", "smooth_right",
            "circle_open", "circle_close", "zoom_in", "pixelize"] | Transition
        ) | None = None,
        frame_rate: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Join videos one after the other.

        `videos` has from 2 to 100 URLs, or objects with `url_video` and, for a part of a video, `start` and `end`.
        The same URL may appear several times. Videos of the same kind, as one encoder makes them with the same
        settings, are joined without a change of their picture; all others are encoded once. The result has the size
        and the frame rate of the first video unless the request states others. A video without sound is silent; a
        sound ends with its picture. With a `transition` neighbors overlap: the result is shorter by its duration for
        each join, and the sounds are crossfaded. Each part must last at least twice as long as the transition. An
        `overlay` lies over the joined picture.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            videos: Videos in their order: URLs, or objects with `url_video`, `start` and `end`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            transition: Transition between scenes: the name of a kind, or an object with `kind` and `duration`.
                Default: cut.
            frame_rate: Frames per second, by default those of the first video. From 1 to 60.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "videos": videos,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "transition": transition,
            "frame_rate": frame_rate,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "concatenate", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def img2vid(
        self,
        *,
        url_image: str | Path | BinaryIO | Upload | None = None,
        images: Sequence[str | Path | BinaryIO | Upload | ClipImage] | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        duration: float | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Turn a picture, or each of several, into a clip with a slow zoom or another motion.

        Send `url_image`, or up to 20 pictures in `images`: each becomes a video of its own, `output_1.mp4`,
        `output_2.mp4` and so on, in their order. By default the zoom goes from 1.0 to 1.324 into the center, and the
        frame has 1920x1080 pixels. A clip has exactly `round(duration * frame_rate)` frames and no sound.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_image: A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.
            images: The pictures of several clips in their order: URLs, or objects with `url_image` and what differs.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 24.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                zoom_in.
            duration: Length of the clip in seconds. From 0.1 to 300. Default: 5.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_image": url_image,
            "images": images,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "duration": duration,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "img2vid", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def probe(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        measure: Sequence[Literal["loudness", "silence", "black"]] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Describe a video or a sound.

        Send exactly one of `url_video` and `url_audio`. The result has no video: its artifact is `probe.json`, with
        the container, the exact length, the picture as players show it, every sound, and whether the picture is
        `copyable`, as `addaudio` and `trim` copy it. Videos with the same `copyable_with` are joined by `concatenate`
        without encoding. Lengths and frames are counted from the packets of the file, not read from its header.
        `measure` also decodes the file. No part of it uses the GPU.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            measure: What to measure by decoding the file: `loudness`, `silence`, `black`.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "measure": measure,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "probe", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def slideshow(
        self,
        *,
        images: Sequence[str | Path | BinaryIO | Upload | SlideshowImage],
        url_audio: str | Path | BinaryIO | Upload | None = None,
        url_srt: str | Path | BinaryIO | Upload | None = None,
        music: str | Path | BinaryIO | Upload | Music | None = None,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        loudness: Literal["youtube", "podcast", "broadcast", "none"] | float | None = None,
        true_peak_db: float | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        frame_rate: float | None = None,
        motion: (
            Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] |
            Motion
        ) | None = None,
        captions: str | None = None,
        words: Sequence[dict[str, Any]] | None = None,
        replace: Sequence[Replacement] | None = None,
        exclude: Sequence[TimeRange] | None = None,
        language: str | None = None,
        align: Literal["auto", "off"] | None = None,
        subtitle_mode: Literal["burn", "soft", "both"] | None = None,
        sidecar: Sequence[Literal["srt", "vtt", "ass"]] | None = None,
        style: (
            Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
            "progressive"] | CaptionStyle
        ) | None = None,
        transition: (
            Literal["cut", "fade", "fade_black", "fade_white", "dissolve", "wipe_left", "wipe_right", "wipe_up",
            "wipe_down", "slide_left", "slide_right", "slide_up", "slide_down", "smooth_left", "smooth_right",
            "circle_open", "circle_close", "zoom_in", "pixelize"] | Transition
        ) | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Turn pictures, a narration, music and captions into one video, in one encode.

        A picture's `duration` is the time from its start to that of the next one; the transition lies at its start.
        Pictures without a duration share the length of the narration, else that of the captions, and change where a
        sentence ends; without either, each is shown for 4 s. The last picture stays until the narration ends.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            images: The pictures in their order: URLs, or objects with `url_image` and what differs.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            url_srt: Subtitles: SRT, WebVTT or ASS, in any encoding.
            music: Music under the other sounds: its URL, or an object with `url_audio`.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            loudness: Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none`
                leaves it.
            true_peak_db: Largest true peak in dBTP, where `loudness` is set. From -9 to -0.1. Default: -1.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            frame_rate: Frames per second. From 1 to 60. Default: 30.
            motion: Motion over the picture: the name of a kind, or an object with `kind` and what differs. Default:
                ken_burns.
            captions: The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or
                `auto`: what is said, where speech recognition is installed.
            words: Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.
            replace: Words to draw differently.
            exclude: Times without captions, in seconds.
            language: Language of the captions, for capital letters, line breaks and the subtitle track.
            align: `auto` finds the times of words in the sound, where a style needs them, the captions have none, and
                speech recognition is installed; `off` shares each caption's time among its words by their length.
                Default: auto.
            subtitle_mode: `burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and
                `style` is not used; `both` does both. Default: burn.
            sidecar: Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.
            style: The look of the captions: the name of a preset, or an object with `preset` and what differs.
                Default: classic.
            transition: Transition between scenes: the name of a kind, or an object with `kind` and `duration`.
                Default: fade.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "images": images,
            "url_audio": url_audio,
            "url_srt": url_srt,
            "music": music,
            "overlay": overlay,
            "loudness": loudness,
            "true_peak_db": true_peak_db,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "frame_rate": frame_rate,
            "motion": motion,
            "captions": captions,
            "words": words,
            "replace": replace,
            "exclude": exclude,
            "language": language,
            "align": align,
            "subtitle_mode": subtitle_mode,
            "sidecar": sidecar,
            "style": style,
            "transition": transition,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "slideshow", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def thumbnail(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        at: str | float | None = None,
        count: int | None = None,
        width: int | None = None,
        format: Literal["jpg", "png", "webp"] | None = None,
        sprite: bool | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Make pictures of a video.

        The result has no video. With `count` 1 its artifact is `thumbnail.jpg`; else these are `thumbnail_1.jpg`,
        `thumbnail_2.jpg` and so on, spread evenly over the video. With `sprite` all pictures are in one sheet,
        `sprite.jpg`, with their places and times in `sprite.vtt`, as players show them over the progress bar.
        Pictures are upright, in square pixels and in sRGB; HDR is converted.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            at: Time of the picture: `auto`, seconds, or a share of the video such as `50%`. Default: auto.
            count: Number of pictures. From 1 to 100. Default: 1.
            width: Width of each picture in pixels. From 16 to 3840.
            format: Format of the pictures. Default: jpg.
            sprite: Whether all pictures are in one sheet. Default: false.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "at": at,
            "count": count,
            "width": width,
            "format": format,
            "sprite": sprite,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "thumbnail", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def transcribe(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload | None = None,
        url_audio: str | Path | BinaryIO | Upload | None = None,
        language: str | None = None,
        prompt: str | None = None,
        words: bool | None = None,
        formats: Sequence[Literal["json", "srt", "vtt"]] | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Write down what is said in a sound or a video.

        Send exactly one of `url_audio` and `url_video`. The result has no video: its `artifacts` are
        `transcript.json`, `transcript.srt` and `transcript.vtt`. The JSON has the text, its language, sentences, and
        words with their times; `words` of other operations takes it as it is. Works where speech recognition is
        installed.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            url_audio: A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.
            language: Language of the speech.
            prompt: Names and terms to expect, as they are spelled.
            words: Whether the JSON has the times of words. Default: true.
            formats: Files to make: `json`, `srt`, `vtt`. Default: json,srt,vtt.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "url_audio": url_audio,
            "language": language,
            "prompt": prompt,
            "words": words,
            "formats": formats,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "transcribe", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )

    async def trim(
        self,
        *,
        url_video: str | Path | BinaryIO | Upload,
        overlay: str | Path | BinaryIO | Upload | Watermark | None = None,
        quality: Literal["draft", "standard", "high"] | None = None,
        format: Literal["mp4", "mp4_hevc", "webm", "gif"] | None = None,
        poster: bool | Poster | None = None,
        output_filename: str | None = None,
        size: str | None = None,
        aspect_ratio: (
            Literal["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9", "tiktok", "reels", "shorts", "square"]
        ) | None = None,
        resolution: Literal["480p", "720p", "1080p", "1440p", "4k"] | None = None,
        fit: Literal["cover", "contain", "blur"] | None = None,
        background: str | None = None,
        start: float | str | None = None,
        end: float | str | None = None,
        duration: float | None = None,
        keep: Sequence[Part] | None = None,
        accuracy: Literal["exact", "fast"] | None = None,
        reencode: bool | None = None,
        webhook_url: str | None = None,
        webhook_events: Sequence[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
        on_upload: OnUpload | None = None,
    ) -> AsyncJob:
        """Keep one or several parts of a video.

        Send `start`, `end` or both, or a list of parts in `keep`. A part has the frames that begin within it, each
        for its full time, and their sound to the sample. One part is copied without any loss where players can show
        it: the file then begins with the keyframe before, and its edit list hides the frames up to `start`;
        `reencode` leaves no hidden frames. Several parts become one video, which is encoded once, as is one of
        another size or `format`, or with an `overlay`. An `end` after the end of the video is its end.

        Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors.

        Args:
            url_video: A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.
            overlay: A picture over the video, such as a logo: its URL, or an object with `url_image`.
            quality: `draft` is fast and at most half the size, for a first look; `high` is larger and closer to the
                source. Default: standard.
            format: `mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has
                no sound, 12.5 frames per second, at most 30 s and a short side of at most 480 pixels. Default: mp4.
            poster: A JPEG of the finished video as a further file: true, or an object with `at`.
            output_filename: Name under which browsers save the video: letters, digits, `.`, `_` and `-`.
            size: Width and height in pixels, both even, from 64 to 3840.
            aspect_ratio: Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.
            resolution: Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.
            fit: `cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur`
                shows it on a blurred copy of itself. Default: cover.
            background: Color around the picture with `contain`. Default: #000000.
            start: Start of the result in the video. From 0 to 86400.
            end: End of the result in the video. From 0 to 86400.
            duration: Length in seconds, in place of `end`. From 0.1 to 86400.
            keep: Parts to join, in rising order: objects with `start` and `end`.
            accuracy: First frame: `exact`, or `fast`, the keyframe before `start` with nothing hidden. Default:
                exact.
            reencode: Whether the picture is always encoded, so that no frames are hidden. Default: false.
            webhook_url: Where the API sends the finished job.
            webhook_events: What is sent there, by default the four endings of a job.
            metadata: Texts that come back with the job.
            idempotency_key: The same key and fields return the same job for a day; by default a new one.
            wait: Seconds, up to 25, for which the API waits for the end before it answers.
            on_upload: Called with a filename, the bytes sent, and all of them.
        """
        body: dict[str, Any] = {
            "url_video": url_video,
            "overlay": overlay,
            "quality": quality,
            "format": format,
            "poster": poster,
            "output_filename": output_filename,
            "size": size,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "fit": fit,
            "background": background,
            "start": start,
            "end": end,
            "duration": duration,
            "keep": keep,
            "accuracy": accuracy,
            "reencode": reencode,
            "webhook_url": webhook_url,
            "webhook_events": webhook_events,
            "metadata": metadata,
        }
        return await self.submit(
            "trim", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload
        )
