"""Follow running sessions of a server, and forward their numbers to other programs.

follow   an async iterator over the events of a session, over lost connections too
sinks    what a program that receives events must be able to do
lsl      Lab Streaming Layer; needs pylsl
osc      Open Sound Control; needs python-osc
"""
