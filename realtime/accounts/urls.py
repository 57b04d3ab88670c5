from __future__ import annotations

from django.urls import path

from realtime.accounts.views import AdminLinkView

urlpatterns = [path("<str:token>", AdminLinkView.as_view(), name="admin-link")]
