"""The HTTP server: everything that knows aiohttp.

server      starts, runs and stops everything; `supervision` restarts what may fail
app         the application: middlewares and routes
routes      what each URL does
auth        who sends a request and what it may do
problems    how a rejected request is answered: one table from error to status
http        connections, deadlines and limits below the routes
tls         the certificate
"""
