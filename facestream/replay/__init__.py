"""The headless peer: sends a clip over a real peer connection and receives what the server sends back."""
