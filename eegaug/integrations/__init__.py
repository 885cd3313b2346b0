"""Integrations with other libraries; each module is imported only where it is needed."""

from eegaug.extra import needs_extra

with needs_extra(__name__):
    import skorch  # noqa: F401 - which all of them stand on
