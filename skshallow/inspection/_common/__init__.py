"""Shared by reports and displays: tables, unwrapping, fitted parameters, matplotlib."""
