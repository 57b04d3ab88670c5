"""The synthetic threads. All words were written for this file; nobody ever said them to us.

The replies name no number and no line: those come from the directory when the thread is made.
"""

from __future__ import annotations

from realtime.chat.demo.endings import failed_before_a_word, interrupted, stopped, superseded
from realtime.chat.demo.long_talk import long_talk
from realtime.chat.demo.script import Exchange, Talk, answered, looked_up, spoken


def all_talks() -> list[Talk]:
    """Make them anew: what a script holds can be played once."""
    return [
        _plain(),
        _tool_call(),
        _two_tool_calls(),
        stopped(),
        interrupted(),
        superseded(),
        _help_card(),
        long_talk(),
        _right_to_left(),
        failed_before_a_word(),
    ]


def _plain() -> Talk:
    return Talk(
        name="plain",
        days_ago=0.4,
        exchanges=(
            answered(
                "I moved here for a new job three weeks ago, and the evenings are really "
                "quiet. I didn't expect that to be the hard part.",
                "That is a lot of newness at once, and the quiet arrives exactly when "
                "there is nothing left to do. It makes sense that evenings are the hard "
                "part.\n\nWhat does one look like at the moment?",
            ),
            answered(
                "I cook too much pasta, watch half an episode of something, scroll.",
                "Half an episode is a very honest measure of an evening: too tired for "
                "people, too lonely for the sofa. Is there somebody from before the "
                "move whom you miss talking to most?",
            ),
            answered(
                "My brother. We used to walk his dog on Thursdays.",
                "Then Thursdays have a dog-shaped hole in them. Would he take you along "
                "on the phone while he walks, so that you keep the hour, even without "
                "the park?",
            ),
            answered(
                "Ha. He would. I'll ask him, thanks.",
                "I'm glad. Three weeks is not long, and you put it into words well. I'm "
                "an AI and can't come along, but he would probably like to hear how the "
                "evenings really are.",
            ),
        ),
    )


def _tool_call() -> Talk:
    return Talk(
        name="tool-call",
        days_ago=1.2,
        country="GB",
        exchanges=(
            Exchange(
                asked="My nan's funeral was on Friday and everybody tells me to stay strong. Is "
                "there somebody in the UK I could just talk to about her? On the phone, "
                "I'm bad at typing.",
                replies=(
                    looked_up(
                        "I'm so sorry about your nan. Staying strong for everybody leaves little "
                        "room for missing her. Let me look up who you could talk to.",
                        {"country": "GB", "needs": ["bereavement"], "channel": "phone"},
                    ),
                    spoken(
                        "What I found is on the card, with its hours and where the entry comes "
                        "from. You don't have to be strong there, or explain anything.\n\n"
                        "Would you like to tell me something about her first?"
                    ),
                ),
            ),
            answered(
                "She cheated at cards and everybody let her win.",
                "She sounds wonderful, and so do the people who pretended not to notice. "
                "That is a good story to start a phone call with, too.",
                after_min=6,
            ),
        ),
    )


def _two_tool_calls() -> Talk:
    return Talk(
        name="two-tool-calls",
        days_ago=1.9,
        country="GB",
        exchanges=(
            Exchange(
                asked="Two things, sorry. My dad bets more than he can afford and I'd like to "
                "give him a number. And I'd like to text with somebody myself, it's a lot. "
                "We live in England.",
                replies=(
                    looked_up(
                        "No need to be sorry: that is a lot to carry, and it is kind to think of "
                        "both of you. I'll look for your dad and for you.",
                        {"country": "GB", "needs": ["gambling"]},
                        {
                            "country": "GB",
                            "needs": ["general-emotional-support"],
                            "channel": "sms",
                        },
                    ),
                    spoken(
                        "There are two cards: the first is about betting, and relatives may ask "
                        "there as well. The second is for you.\n\n"
                        "Which of the two feels more pressing tonight?"
                    ),
                ),
            ),
            answered(
                "Me, I think. I'll write to them after dinner.",
                "Good. You can begin with the very sentence you wrote to me. Your dad's "
                "card will still be there tomorrow.",
            ),
        ),
    )


def _help_card() -> Talk:
    return Talk(
        name="help-card",
        days_ago=4.8,
        country="GB",
        exchanges=(
            Exchange(
                asked="It was a rough week, and tonight I don't feel safe on my own.",
                card=True,
                replies=(
                    spoken(
                        "Thank you for telling me; that was not a small thing to write. The "
                        "people on the card above can be reached, by phone and in other ways.\n\n"
                        "May I ask you plainly: are you thinking about suicide?"
                    ),
                ),
            ),
            answered(
                "No. I just don't want to be alone with all this.",
                "Thank you for saying it so clearly. Then let us see that you aren't "
                "alone tonight. Who could sit with you, or stay on the phone for a while?",
                after_min=3,
            ),
            answered(
                "My sister is still up. I'll call her.",
                "Good. Call her first, before you write anything here. And should the "
                "night get heavier, the card stays where it is.",
                after_min=2,
            ),
        ),
    )


def _right_to_left() -> Talk:
    return Talk(
        name="right-to-left",
        days_ago=5.5,
        locale="ar-EG",
        exchanges=(
            answered(
                "مرحبا، هذا أول أسبوع لي في الجامعة ولا أعرف أحدا هنا 😔 أشعر أن الجميع "
                "عندهم أصدقاء إلا أنا.",
                "أهلا بك 🌷 قد يكون الأسبوع الأول صاخبا ووحيدا في الوقت نفسه.\n\n"
                "كيف تمر أيامك بين المحاضرات؟",
            ),
            Exchange(
                asked="أجلس وحدي في الكافتيريا وأتظاهر أنني أقرأ رسائل WhatsApp 😅 أنا في مصر، "
                "هل يوجد رقم يمكنني أن أتصل به لو احتجت إلى الكلام؟",
                replies=(
                    looked_up(
                        "هذا يفعله كثيرون، وهو متعب أيضا. سأبحث لك الآن 🔎",
                        {
                            "country": "EG",
                            "needs": ["general-emotional-support"],
                            "language": "ar",
                        },
                    ),
                    spoken(
                        "ما وجدته تراه على البطاقة مع مصدره وتاريخه. قد تتغير الأرقام مع الوقت، "
                        "فتحقق منها أولا. هل بدا لك أحد لطيفا هذا الأسبوع؟"
                    ),
                ),
            ),
            answered(
                "نعم، زميلة في مختبر الكيمياء أعارتني قلما 🖊️🙂",
                "بداية جميلة. ربما يكفي غدا أن تعيد القلم وتقول شكرا 💛",
            ),
        ),
    )
