"""The addresses of the authorization server. Its issuer is the origin; its endpoints stand below /o/ as usual."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider import urls as oauth2

# The metadata documents are at the root, from which django-oauth-toolkit derives the issuer.
provider = (
    [
        *oauth2.metadata_urlpatterns,
        *oauth2.oidc_urlpatterns,
        path("o/", include(oauth2.base_urlpatterns)),
        path("o/", include(oauth2.dcr_urlpatterns)),
    ],
    "oauth2_provider",
)

urlpatterns = [
    path("accounts/login/", LoginView.as_view(template_name="login.html")),
    path("", include(provider)),
]
