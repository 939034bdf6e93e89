"""Remove or keep the markup of subtitles."""
