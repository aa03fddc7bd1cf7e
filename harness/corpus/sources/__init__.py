"""Where corpora come from: named collections, their downloads and archives, generated speech."""
