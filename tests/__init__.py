"""Tests over the wire: real servers, real processes, on free ports, whatever else is running."""
