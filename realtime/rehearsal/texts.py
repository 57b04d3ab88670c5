"""Everything the demo can say. Every ordinary reply says what it is in its first sentences."""

from __future__ import annotations

STREAMING = "How does streaming look?"
HELPLINE = "Find me a helpline"
DROP = "Drop my connection"
SUGGESTIONS = (STREAMING, HELPLINE, DROP)

WHAT_I_AM = "I'm a scripted demo, not an AI and not support"

# One sentence, and true with and without a card beside it.
GRAVE_REPLY = (
    f"{WHAT_I_AM}: please talk to a person now, through the help lines shown with this message "
    "or your local emergency number."
)

OTHERWISE = f"""\
{WHAT_I_AM}. I don't understand what you write; I only know three things by heart:

- *{STREAMING}*
- *{HELPLINE}*
- *{DROP}*

Tap or type one of them. Once Kindline is connected to a language model, that model answers here \
instead of me."""

# The nearest exchange of others, where the service shows its model one; always with its source.
NEAREST = f"""\
{WHAT_I_AM}. I don't understand what you write. I only quote how a question of somebody else, \
which looks a little like yours, was once answered ({{source}}):

> {{answer}}

That was not written for you, and it may not fit. Once Kindline is connected to a language model, \
that model reads such exchanges and answers you in its own words."""

STREAMING_REPLY = f"""\
Like this. {WHAT_I_AM}, and these words come from a file — but they reach you the same way a real \
model's would: over HTTP from the model, into **Postgres**, and only then down the WebSocket to \
this page.

A few things worth watching while the text grows:

1. **Nothing jumps.** Finished paragraphs stay where they are; only the last line moves.
2. *Emphasis*, `inline code` and [links](/help) appear as soon as they are \
complete.
3. Emoji arrive whole 🌱, even family ones 👩‍👧‍👦, and so do other scripts: žluťoučký kůň, \
こんにちは, مرحبا.

> Reload the page in the middle of this quote, and it simply goes on.

Code keeps its shape too:

```python
async for event in turn:
    await flusher.append(event)  # stored first
```

You can press **stop** at any time: what you have read by then is kept. That is all there is to \
see — thank you for looking closely. 💛"""

HELPLINE_INTRO = f"""\
{WHAT_I_AM}, but the directory of help lines behind me is a real one. I'm asking it now, in the \
middle of this reply, the way a language model would call a tool.

"""

HELPLINE_FOUND = """\
That card came from the directory, not from me: I never say a phone number myself. Each entry \
tells its source and how old it is.

Want to see another country? Write, for example, *Find me a helpline in Canada*. And if any of \
this is for real today: please use the card. It works just as well in a demo. 💛"""

HELPLINE_NO_COUNTRY = """\
I couldn't tell which country you are in, so what you see is only a start. Write, for example, \
*Find me a helpline in Ireland*, and the lines of that country appear here."""

HELPLINE_FAILED = """\
That look-up did not work this time. The **Help** link of this page opens the same directory and \
needs neither me nor a model."""

HELPLINE_NO_TOOL = """\
Only: nobody offered me the directory in this conversation, so there is nothing I could ask. The \
**Help** link of this page opens it."""

DROP_REPLY = f"""\
All right. {WHAT_I_AM}, and I will keep talking for a little while, so that there is something to \
interrupt. About now this page cuts its own connection, on purpose, in the middle of a reply.

Here is what happens behind the scenes while you wait. My words do not belong to your connection. \
They belong to a *run*, which lives on the server and writes every piece into the database before \
anybody sees it. So when the connection falls away, nobody stops me. I talk on, the pieces are \
stored one after another, and they wait for you with a number on each.

Your page remembers the last number it has shown. It connects again, says that number, and the \
server sends what came after it — no gap, no sentence twice — and then goes on live, as if \
nothing had been. If you look very closely you may have seen a short pause and then a few words \
at once. That was it.

It works the same way for a train in a tunnel, a closed laptop, a phone that switches from one \
network to another, or a server that is restarted. A second tab that is open on this conversation \
shows the same words at the same time. And if you had pressed stop, it would have stopped for \
everybody.

Why so much effort for a chat? Because somebody who writes to a support service in a bad hour \
should never have to write it twice. That's the end of my script. Thank you for watching. 💛"""
