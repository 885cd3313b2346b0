"""Integrations with other libraries; each module is imported only where it is needed."""
