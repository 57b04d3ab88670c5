from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # ships no types
    """Names files by their content; one that was not collected keeps its plain name.

    Without `collectstatic` Help is then shown unstyled, where Django would answer with 500.
    """

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name
