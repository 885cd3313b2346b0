"""Bridges to the libraries around: each file is imported where it is needed."""
