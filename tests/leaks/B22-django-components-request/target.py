"""A component is rendered for a request; a weak map holds a value that refers to its key."""

import django
from django.conf import settings
from django.http import HttpRequest

settings.configure(
    BASE_DIR="/nonexistent",
    INSTALLED_APPS=["django_components"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "builtins": ["django_components.templatetags.component_tags"],
            },
        }
    ],
    COMPONENTS={"autodiscover": False, "dirs": []},
    ROOT_URLCONF=(),
    SECRET_KEY="none",
    STATIC_URL="static/",
)
django.setup()

from django_components import Component  # noqa: E402  (needs the settings)


class Greeting(Component):
    template = "<p>Hello</p>"


def call():
    return len(Greeting.render(request=HttpRequest(), deps_strategy="ignore"))
