"""Tokens and development certificates; independent of HTTP."""
