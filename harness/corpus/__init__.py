"""Recorded speech in: find it, check it, mark where speech ends, make it ready to send.

The only room that reads audio files, resamples and runs a voice activity detector. It does not
know sessions, APIs or the network. Other people's recordings stay in the user's cache or
folder; nothing of theirs is ever written into the project.
"""

from harness.corpus.annotate import SpeechMarks, annotate
from harness.corpus.generate import speech_like
from harness.corpus.obtain import KNOWN_CORPORA, Corpus, KnownCorpus, obtain_corpus
from harness.corpus.utterances import load_utterance, load_utterances
from harness.corpus.wire import frames, silence_frame

__all__ = [
    "KNOWN_CORPORA",
    "Corpus",
    "KnownCorpus",
    "SpeechMarks",
    "annotate",
    "frames",
    "load_utterance",
    "load_utterances",
    "obtain_corpus",
    "silence_frame",
    "speech_like",
]
