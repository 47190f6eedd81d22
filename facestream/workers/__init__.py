"""The analysis processes: start, supervise and use them; frames cross in shared memory."""
