from __future__ import annotations

from django.urls import path

from realtime.chat import safety_page, views

urlpatterns = [
    path("", views.page, name="page"),
    path("help", views.help_page, name="help"),
    path("sw.js", views.worker, name="worker"),
    path("safety", safety_page.safety, name="safety"),
]
