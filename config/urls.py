from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.api import api, unknown_address
from config.error_pages import views as error_pages
from config.site_files import favicon, robots

admin.site.site_header = admin.site.site_title = "Kindline"
admin.site.index_title = "Transcripts, hotlines and people"
handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.broken
urlpatterns = [
    path("admin/enter/", include("realtime.accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("api/<path:rest>", unknown_address),
    path("favicon.ico", favicon),
    path("robots.txt", robots),
    path("", include("realtime.chat.urls")),
]
