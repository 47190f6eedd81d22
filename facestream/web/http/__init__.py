"""Below the routes: connections, deadlines and limits of the HTTP server."""
