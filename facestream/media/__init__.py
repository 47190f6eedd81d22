"""Receive frames and send annotated frames, with asyncio, av and aiortc; never with aiohttp."""
