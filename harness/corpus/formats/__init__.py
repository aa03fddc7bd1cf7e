"""How others describe their speech: one file a format, each a reader of a folder or a list.

A reader turns what it finds into `Recording`s and knows nothing of annotation. A path is
followed only inside the folder. Nothing that a list says is ever run.
"""

from harness.corpus.formats.registry import FORMATS, Format, recognise

__all__ = ["FORMATS", "Format", "recognise"]
