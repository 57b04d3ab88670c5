from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person: a guest known only by a cookie or a token, or an account that can log in."""
