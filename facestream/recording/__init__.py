"""Keep the results of live sessions in files: a folder for each session, written beside the event loop."""
