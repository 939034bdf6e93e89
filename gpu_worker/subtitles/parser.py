"""Read a subtitle file into cues: decode the bytes, split the text into timed blocks, clean their text.

SRT has no standard: files come in every encoding, with and without numbers, hours, commas and blank lines, and many
are WebVTT or ASS under another name. pysubs2 reads well-formed files only, and drops cues of the others silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.media.info import Cue
from gpu_worker.subtitles.encoding.decode import DecodedText, decode_subtitles
from gpu_worker.subtitles.formats.ass import is_ass, read_ass
from gpu_worker.subtitles.formats.blocks import Block, Blocks, Dialect
from gpu_worker.subtitles.formats.lines import split_lines
from gpu_worker.subtitles.formats.srt_vtt import read_srt_or_vtt
from gpu_worker.subtitles.formats.timing import ARROW
from gpu_worker.subtitles.formats.unsupported import identify_binary_format, identify_text_format
from gpu_worker.subtitles.markup.cue_text import MAX_CHARS, clean_text, is_visible, remove_tags
from gpu_worker.subtitles.markup.rtf import extract_rtf_text, is_rtf
from gpu_worker.subtitles.rolling import remove_repeats
from gpu_worker.subtitles.sentences import split_sentences
from gpu_worker.subtitles.transcript import Transcript, read_transcript
from gpu_worker.subtitles.word_cues import make_word_cues

_WORD_TIME = re.compile(r"<(?:\d{1,2}:)?\d{1,2}:\d\d\.\d{3}><c")
"""As YouTube writes it. Other files with the times of words repeat a line only where it is said again."""


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues in order of time, None if there is no file; and warnings about what was changed or left out.

    `script` is the text of a file without times, by sentences; then there are no cues.
    """

    cues: tuple[Cue, ...] | None = None
    warnings: tuple[str, ...] = ()
    script: tuple[str, ...] = ()


def read_subtitles(data: bytes, field: str, max_cues: int) -> Subtitles:
    """Read an SRT, WebVTT or ASS file, or JSON with words and their times (`read_words`), or with a `text`.

    Raises JobFailed, and nothing else, if it has no cues or more than `max_cues`, or is not a subtitle file.
    """
    if unsupported := identify_binary_format(data):
        raise job_failed(Code.SUBTITLES_UNREADABLE, field=field, format=unsupported)
    decoded = decode_subtitles(data)
    text = extract_rtf_text(decoded.text) if is_rtf(decoded.text) else decoded.text
    if not text.strip(" \t\r\n\ufeff\0"):
        raise job_failed(Code.SUBTITLES_EMPTY, field=field)
    if transcript := read_transcript(text):
        return _read_transcript(transcript, field, max_cues)
    file = _read_blocks(text, field)
    _check_count(len(file.blocks), field, max_cues)
    cues, warnings = _make_cues(file.blocks, file.dialect)
    if not cues:
        raise job_failed(Code.SUBTITLES_EMPTY, field=field)
    cues = remove_repeats(cues, has_word_times=bool(_WORD_TIME.search(text)))
    if file.has_remark:
        warnings.append("Text after the last subtitle, which has no time span, was left out.")
    return Subtitles(cues, (*_encoding_warnings(decoded), *warnings))


def _read_transcript(transcript: Transcript, field: str, max_cues: int) -> Subtitles:
    if transcript.text:
        lines = (remove_tags(clean_text(line, Dialect.SRT)[0]) for line in transcript.text.splitlines())
        script = tuple(sentence for line in lines for sentence in split_sentences(line) if is_visible(sentence))
        found = Subtitles((), script=script)
    else:
        found = Subtitles(make_word_cues(transcript))
    count = len(found.script or found.cues or ())
    if not count:
        raise job_failed(Code.SUBTITLES_EMPTY, field=field)
    _check_count(count, field, max_cues)
    return found


def _check_count(count: int, field: str, max_cues: int) -> None:
    if count > max_cues:
        raise job_failed(Code.SUBTITLES_TOO_MANY, field=field, limit=str(max_cues))


def _read_blocks(text: str, field: str) -> Blocks:
    lines = split_lines(text)
    if is_ass(lines):
        return read_ass(lines)
    unsupported = identify_text_format(text)
    blocks = None if unsupported and unsupported.is_certain else read_srt_or_vtt(lines)
    if blocks is not None:
        return blocks
    if unsupported:
        raise job_failed(Code.SUBTITLES_UNREADABLE, field=field, format=unsupported.name)
    raise job_failed(Code.SUBTITLES_EMPTY if ARROW.search(text) else Code.SUBTITLES_UNREADABLE, field=field)


def _encoding_warnings(decoded: DecodedText) -> Iterable[str]:
    if decoded.guessed_encoding and decoded.is_certain:
        yield f"The subtitles are not UTF-8; they were read as {decoded.guessed_encoding}."
    elif decoded.guessed_encoding:
        yield (
            f"The subtitles are not UTF-8; they were read as {decoded.guessed_encoding}, which is not certain. "
            "If letters are wrong, save the file as UTF-8."
        )


def _make_cues(blocks: Iterable[Block], dialect: Dialect) -> tuple[tuple[Cue, ...], list[str]]:
    cues: dict[Cue, None] = {}
    untimed = shortened = 0
    for block in blocks:
        full_text, place = clean_text(block.text, dialect)
        text = full_text[:MAX_CHARS].rstrip()
        if not is_visible(text):
            continue
        if block.span is None:
            untimed += 1
            continue
        shortened += len(full_text) > MAX_CHARS
        # A dict keeps the order of the file and drops duplicates.
        cues[Cue(*block.span, text, place or block.place)] = None
    warnings = []
    if untimed:
        warnings.append(f"Subtitles without a usable time span were left out: {untimed}.")
    if shortened:
        warnings.append(f"Subtitles of more than {MAX_CHARS} characters were shortened: {shortened}.")
    return tuple(sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))), warnings
