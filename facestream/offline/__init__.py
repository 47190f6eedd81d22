"""Analyse videos, photographs and cameras without a session: sources in, folders with tables out."""
