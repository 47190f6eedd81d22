"""The workers (analysis processes): start, supervise and use them. Frames cross in shared memory."""
