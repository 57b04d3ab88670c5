"""Of what is built, for those who only need its number: nothing is imported here."""

from __future__ import annotations

# Other numbers' files are not opened but built anew: one more with every change of what they hold.
FORMAT = 1
