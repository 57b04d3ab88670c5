"""Fills what is sent to whole buckets, so that packet sizes do not spell the reply. Pure.

On an encrypted line an eavesdropper still sees sizes and times: of words that stream token by
token they tell what is talked about ("Whisper Leak", arXiv 2511.03675). This hides sizes within
a bucket; times are the flusher's ticks. It makes the attack harder, nobody claims that it ends it.
Random filling, because a proxy may compress what is alike; it should not compress at all.
"""

from __future__ import annotations

import base64
import os

BUCKET = 256  # bytes
_KEY = len(',"pad":""')
_COMMENT = len(": \n\n")
# Events without an envelope: a stock client warns of keys that AG-UI does not know.
_BARE = ('{"type":"RUN_ERROR"', '{"type":"CUSTOM"')


def padded(frame: str) -> str:
    """The frame, a JSON object, with a key `pad` that fills it; a bare event with blanks."""
    size = len(frame.encode())
    if frame.startswith(_BARE):
        return frame + " " * (-size % BUCKET)
    return f'{frame[:-1]},"pad":"{_random(-(size + _KEY) % BUCKET)}"}}'


def padded_events(text: str) -> str:
    """What is written to a stream of Server-Sent Events, filled by a comment."""
    return f"{text}: {_random(-(len(text.encode()) + _COMMENT) % BUCKET)}\n\n"


def _random(length: int) -> str:
    """base64url, without its `=`."""
    return base64.urlsafe_b64encode(os.urandom(length * 3 // 4 + 1))[:length].decode()
