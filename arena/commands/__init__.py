"""The doors beside `arena run`, one file each: parse, call, print, exit code. Floor F5."""
