"""What tests begin with must be what an import leaves."""

from __future__ import annotations

from dataclasses import asdict

from django.core.management import call_command

from realtime.hotlines.models import Contact, Hotline, Need
from realtime.hotlines.queries import stored_facts, version_token
from tests.support import own_directory


def test_brought_back_it_is_what_was_imported_and_takes_more(transactional_db: None) -> None:
    own_directory.fill()
    imported, token = stored_facts(), version_token()
    call_command("flush", interactive=False, verbosity=0)
    assert not Need.objects.exists()

    own_directory.fill()

    assert asdict(stored_facts()) == asdict(imported)
    assert version_token() == token
    ids = set(Contact.objects.values_list("pk", flat=True))
    new = Contact.objects.create(hotline=Hotline.objects.all()[0], kind="phone", value="100")
    assert new.pk not in ids
