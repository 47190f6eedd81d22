"""Offers and answers: parse, check, rewrite for aiortc; knows no transport."""
