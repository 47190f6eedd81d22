"""Tokens and development certificates; knows no transport."""
