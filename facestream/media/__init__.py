"""Frames in, annotated frames out: asyncio, av and aiortc; never aiohttp."""
