"""Offers and answers as text: what is accepted, and what aiortc gets to see. Independent of HTTP.

offer      parses and checks an offer, and chooses the codecs
sections   rewrites the media sections of the offer for aiortc, and of its answer for the peer
"""
