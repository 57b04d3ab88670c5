from __future__ import annotations

import pytest

from realtime.hotlines.links import href, tel


@pytest.mark.parametrize(
    ("kind", "value", "e164", "note", "expected"),
    [
        ("phone", "116 123", "", "", "tel:116123"),
        ("phone", "116 123", "+44116123", "", "tel:+44116123"),
        ("phone", "(02) 8804-4673", "", "", "tel:0288044673"),
        ("phone", "*4141", "", "from mobile phones", "tel:*4141"),
        ("phone", "#8103", "", "", "tel:%238103"),
        ("tty", "18001 0808 808 8000", "", "", "tel:1800108088088000"),
        ("sms", "85258", "", "text SHOUT", "sms:85258?&body=SHOUT"),
        ("sms", "800426", "", "text 800GAM", "sms:800426?&body=800GAM"),
        ("sms", "686868", "", "text CONNECT (English) or PARLER (French)", "sms:686868"),
        ("sms", "07860 039967", "+447860039967", "", "sms:+447860039967"),
        ("whatsapp", "076 882 2775", "+27768822775", "", "https://wa.me/27768822775"),
        ("whatsapp", "+55 61 9610-0180", "", "", "https://wa.me/556196100180"),
        ("whatsapp", "076 882 2775", "", "", None),
        ("email", "help@example.org", "", "", "mailto:help@example.org"),
        ("email", "a?cc=b@example.org", "", "", "mailto:a%3Fcc%3Db@example.org"),
        ("chat", "https://example.org/chat", "", "", "https://example.org/chat"),
        ("web", "javascript:alert(1)", "", "", None),
    ],
)
def test_a_contact_becomes_a_link(
    kind: str, value: str, e164: str, note: str, expected: str | None
) -> None:
    assert href(kind, value, e164, note) == expected


def test_an_emergency_number_becomes_a_link() -> None:
    assert tel("999") == "tel:999"
