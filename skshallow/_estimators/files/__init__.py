"""Saved models: files of plain data that can be read safely from untrusted sources."""
