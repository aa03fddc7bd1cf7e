"""The live page: what it shows of a run that goes on, and the page itself.

Numbers come from the same functions as those of the report, over what fits into bounded memory.
Nothing here is published: the report is made from the files.
"""
