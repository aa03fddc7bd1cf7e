"""Where speech begins and ends in a recording: found, and compared with marks read by hand."""
