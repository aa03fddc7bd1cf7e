"""The run directory: append-only, manifest first, readable after a kill at any moment.

The only package that writes or reads a run's files, and the only one that knows HdrHistogram. It
judges nothing.
"""

from harness.recording.audio_folder import AUDIO, AudioFolder, read_recordings
from harness.recording.batch import Batch
from harness.recording.directory import RunDirectory, reserve
from harness.recording.files import replace_file
from harness.recording.histogram import Histogram
from harness.recording.jsonl import decode_lines, encode_lines
from harness.recording.reading import (
    read_histograms,
    read_manifest,
    read_run,
    read_stages,
    read_truth,
)
from harness.recording.summary import read_summary, summary_schema, write_summary
from harness.recording.whole import whole_directory

__all__ = [
    "AUDIO",
    "AudioFolder",
    "Batch",
    "Histogram",
    "RunDirectory",
    "decode_lines",
    "encode_lines",
    "read_histograms",
    "read_manifest",
    "read_recordings",
    "read_run",
    "read_stages",
    "read_summary",
    "read_truth",
    "replace_file",
    "reserve",
    "summary_schema",
    "whole_directory",
    "write_summary",
]
