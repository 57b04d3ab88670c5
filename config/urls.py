from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.api import api, unknown_address

urlpatterns = [
    path("admin/enter/", include("realtime.accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("api/<path:rest>", unknown_address),
    path("", include("realtime.chat.urls")),
]
