"""What other programs are told of a run that goes on, each through its own library, an extra.

Exporters hear the records as the run's files do, once a second and far from the audio. A label or
an attribute is a name of the scenario or of this project: nothing that a server says, no address.
"""
