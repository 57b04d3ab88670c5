#!/usr/bin/env python3
"""Django's command line, for what ./dev manage does not cover."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        sys.exit(f"manage.py: {error}: pip install -r requirements.txt, or say ./dev manage")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error} (`./dev manage ...` brings all that is needed.)")


if __name__ == "__main__":
    main()
