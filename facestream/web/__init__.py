"""The aiohttp application: routes, errors and the static page."""
