"""A JATOS look-alike for the demo and the tests; the daemon never imports it."""
