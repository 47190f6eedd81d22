"""Everything that crosses a wire, one module for each; sends nothing.

telemetry     data channel `telemetry`: one message per frame
control       data channel `control`: requests, replies and notices, and their codes
jpeg_socket   WebSocket of the compatibility mode
http          bodies of HTTP requests and responses, and the codes of problems
validation    what is wrong with a message of a peer, as a sentence
"""
