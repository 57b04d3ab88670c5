from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person: a guest known only by a cookie or a token, or an account that can log in."""

    class Kind(models.TextChoices):
        GUEST = "guest"
        ACCOUNT = "account"

    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.ACCOUNT)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="user_kind_known", condition=models.Q(kind__in=["guest", "account"])
            )
        ]


class ClientToken(models.Model):
    """What a custom client shows instead of a cookie; the token is told once, never kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="client_tokens")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hex
    # Where browsers may use it from; empty: the asked host itself and ALLOWED_ORIGINS.
    allowed_origins = models.JSONField[list[str], list[str]](default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.pk}"


class WsTicket(models.Model):
    """Opens one socket, for who cannot send a header; gone when it was used.

    What the asker showed comes along: the socket ends when that does.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="ws_tickets")
    ticket_hash = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hex
    session_key = models.CharField(max_length=40, null=True, editable=False)
    client_token = models.ForeignKey(
        ClientToken, null=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class AdminLink(models.Model):
    """A one-time way into the admin for a first look (DEBUG only)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="admin_links")
    link_hash = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256, hex
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"admin link {self.pk}"


class LearningConsent(models.Model):
    """That a person lets reviewed pieces of their chats be learnt from, and until when.

    Rows are added and ended, once; nothing else of them changes but whose they are, by a claim.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="learning_consents")
    words = models.CharField(max_length=16, editable=False)  # version of what they had read
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="consent_stands_once",
                fields=["user"],
                condition=models.Q(withdrawn_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"
