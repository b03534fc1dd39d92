"""Files that either library reads and writes."""
