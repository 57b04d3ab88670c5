"""A thread of many turns over three days: what a reviewer scrolls through."""

from __future__ import annotations

from realtime.chat.demo.script import Exchange, Talk, answered, looked_up, spoken

DAY_MIN = 24 * 60

# Message, reply, minutes since the message before.
_FIRST_EVENING = (
    (
        "I'm a trainee teacher and today a whole class laughed because I wrote a word wrong.",
        "That moment can feel endless from the front of the room. What did you do next?",
        0,
    ),
    ("Turned red and wiped it off.", "A very human thing to do. And the class?", 2),
    (
        "Went quiet after a minute. One boy said it's a hard word.",
        "So one of thirty was already on your side, out loud.",
        2,
    ),
    ("I only heard the other twenty-nine.", "Ears do that when we are embarrassed.", 3),
    (
        "What if I'm simply not made for this?",
        "One spelling mistake is thin evidence for such a big sentence. What would you tell a "
        "friend who came home with that story?",
        4,
    ),
    (
        "That it's funny, and that she should have some soup.",
        "I like your advice. Is there soup?",
        2,
    ),
    ("There is toast.", "Toast counts. Sleep well, and tell me tomorrow if you like.", 5),
)
_SECOND_EVENING = (
    (
        "Back again. Today was better, but my mentor wants my lesson plans earlier.",
        "Good to hear from you. Better, and one more thing on the pile. How earlier is earlier?",
        DAY_MIN - 30,
    ),
    ("Sunday instead of Monday.", "So she would like to have a piece of your Sunday.", 2),
    (
        "Exactly!! And I can't say no to her, she marks me.",
        "That makes it harder. Is there something between no and all of Sunday?",
        2,
    ),
    (
        "Maybe Saturday morning, so that Sunday is free.",
        "That sounds like a plan that has you in it as well.",
        3,
    ),
    ("I'd have to tell her though.", "What would be the first sentence?", 2),
    (
        "'I'd like to send them on Saturday, is noon all right?'",
        "Clear, friendly, and it asks for very little. I would not change a word.",
        4,
    ),
    ("It looks so easy written down.", "Most brave things do. Saying it is the other half.", 2),
)
_THIRD_EVENING = (
    ("She said noon is fine.", "Just like that! How was it to ask?", DAY_MIN + 20),
    ("Sweaty hands. But fine.", "Sweaty hands and done is still done.", 2),
    ("Now I feel silly about the whole week.", "It was a real week. It can be over, too.", 3),
    (
        "The staff room is still scary. Everybody knows where to sit.",
        "Rooms with invisible rules are tiring. Is there one chair that looks possible?",
        3,
    ),
    (
        "Next to the PE teacher. He offered me biscuits.",
        "A man with biscuits is an open door.",
        2,
    ),
    ("True. I'll take it tomorrow.", "The chair, or the biscuit?", 1),
    (
        "Both 😄 Thanks for listening to three days of this.",
        "Thank you for telling me. I'm an AI, so the listening is all I can do; the chair is "
        "entirely yours. 💛",
        2,
    ),
)


def long_talk() -> Talk:
    return Talk(
        name="long",
        days_ago=5.2,
        exchanges=(
            *_plainly(_FIRST_EVENING),
            *_plainly(_SECOND_EVENING),
            _looking_up(),
            *_plainly(_THIRD_EVENING),
        ),
    )


def _plainly(rows: tuple[tuple[str, str, int], ...]) -> list[Exchange]:
    return [answered(asked, reply, after_min=after) for asked, reply, after in rows]


def _looking_up() -> Exchange:
    """The model asks in words the directory does not know, is told so, and asks again."""
    return Exchange(
        asked="Is there anybody in Ireland I could ring on a bad Sunday? You're kind, but you "
        "have no voice.",
        after_min=4,
        replies=(
            looked_up("A fair point. Let me see.", {"country": "IE", "needs": ["bad sundays"]}),
            looked_up("", {"country": "IE", "needs": ["general-emotional-support"]}),
            spoken(
                "What I found is on the card. Look at the hours: a line is of little use on a "
                "Sunday if it rests then."
            ),
        ),
    )
