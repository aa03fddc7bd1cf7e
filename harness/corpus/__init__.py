"""Recorded speech in: find it, check it, mark where speech ends, make it ready to send.

The only package that reads audio files, resamples and runs a voice activity detector. It does not
know sessions, APIs or the network. Other people's recordings stay in the user's cache or
folder; nothing of theirs is ever written into the project.
"""

from harness.corpus.channels import channel_from
from harness.corpus.degradation.transforming import transform_clips
from harness.corpus.encoding.encoded import (
    DISK_MB,
    Encoded,
    EncodedStore,
    cut_frames,
    disk_bytes,
    encode_utterance,
    encoded_folder,
    megabytes,
)
from harness.corpus.encoding.utterances import load_sound, load_utterance, load_utterances
from harness.corpus.encoding.wire import silence_frame
from harness.corpus.formats import FORMATS
from harness.corpus.importing import annotate_manifest, import_corpus
from harness.corpus.marks.agreement import Agreement, agreement, hand_marks
from harness.corpus.marks.annotate import annotate, doubtful
from harness.corpus.pooling import pool
from harness.corpus.sound import Unreadable, resample
from harness.corpus.sources.generate import speech_like
from harness.corpus.sources.named_corpora import KNOWN_CORPORA
from harness.corpus.sources.noises import KNOWN_NOISES, obtain_noise
from harness.corpus.sources.obtain import Corpus, obtain_corpus
from harness.corpus.sources.partial import kept_bytes, partials_beside
from harness.corpus.stereo import as_flac, read_stereo
from harness.corpus.validating import validate_manifest

__all__ = [
    "DISK_MB",
    "FORMATS",
    "KNOWN_CORPORA",
    "KNOWN_NOISES",
    "Agreement",
    "Corpus",
    "Encoded",
    "EncodedStore",
    "Unreadable",
    "agreement",
    "annotate",
    "annotate_manifest",
    "as_flac",
    "channel_from",
    "cut_frames",
    "disk_bytes",
    "doubtful",
    "encode_utterance",
    "encoded_folder",
    "hand_marks",
    "import_corpus",
    "kept_bytes",
    "load_sound",
    "load_utterance",
    "load_utterances",
    "megabytes",
    "obtain_corpus",
    "obtain_noise",
    "partials_beside",
    "pool",
    "read_stereo",
    "resample",
    "silence_frame",
    "speech_like",
    "transform_clips",
    "validate_manifest",
]
