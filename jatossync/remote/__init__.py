"""JATOS over HTTP: its API's requests, what its answers mean, and the token."""
