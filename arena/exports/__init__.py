"""A finished run in the formats of others. Floor F4."""
