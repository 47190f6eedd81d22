"""Sessions: one for each peer, from its admission to its end. Independent of HTTP.

registry    opens every session and owns its task
admission   decides whether one more session is admitted; `frame_cost` measures what it would cost
base        what all sessions have; a session ends in `Session.run`
requests    what a peer asks over `control`
webrtc      a session over a peer connection
jpeg        a session over a socket of JPEGs (compatibility mode)
ending      why a session ended: `Ending`, `SessionEnded`
resume      the state of ended sessions, for peers that reconnect
draining    ask the peers of a node to move; `handover` is the way of their states to other nodes
"""
