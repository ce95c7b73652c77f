"""From the command line and the file to option dicts, with every fault in words."""
