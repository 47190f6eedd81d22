"""The HTTP server: everything that uses aiohttp.

server      starts, runs and stops everything; `supervision` restarts what may fail
app         the application: middlewares and routes
routes      what each URL does
auth        who sends a request and what it may do
problems    the response to a rejected request: one table from error to status
http        connections, deadlines and limits below the routes
tls         the certificate
"""
