"""Nets as files of plain data: written, read without trust, checked for integrity."""
