"""What the rooms above may hear of people."""

from __future__ import annotations

from django.dispatch import Signal

# Sent in the transaction that deletes people, once they are locked and before what is theirs is
# collected. `user_ids`: whoever writes rows of theirs locks what its writers hold.
deleting_people = Signal()

# Sent in the transaction that gives a guest's things to an account; both people are locked.
# `guest_id`, `account_id`: whoever keeps rows of the guest moves them.
guest_claimed = Signal()

# Sent after the commit that ended a session, a token or a person. `names`: as in
# `Identity.ends_with`.
access_ended = Signal()

# Sent in the transaction that ends a person's consent to be learnt from; they are locked.
# `user_id`: whoever keeps words of theirs to learn from lets go of them.
learning_withdrawn = Signal()
