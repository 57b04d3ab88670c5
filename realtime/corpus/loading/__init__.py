"""From a file of any of the known formats and shapes to exchanges as they were written."""
