"""What a reviewer says of an example before it is kept: its words, and that they name nobody."""

from __future__ import annotations

from typing import Any

from django import forms

from realtime.corpus.screening import screen_exchange
from realtime.review.models import ReviewedReply
from realtime.review.operations import Words
from realtime.review.queries import help_numbers
from realtime.review.redaction import PLACEHOLDER, find

MOST_CHARACTERS = 8_000
_SHOWN = 5  # of what still seems to tell who it is


class ExampleForm(forms.ModelForm[ReviewedReply]):
    question = forms.CharField(
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 80, "dir": "auto"}),
        help_text="What the person said. Take out whatever could tell who they are: an unusual "
        "story, too.",
    )
    answer = forms.CharField(
        label="Reply",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80, "dir": "auto"}),
        help_text="As it should have been. No numbers, links or words in brackets: a model would "
        "learn to say them.",
    )
    topics = forms.CharField(required=False, max_length=200, help_text="Separated by commas.")
    nobody = forms.BooleanField(
        label="I read both texts: nothing here tells who it is",
        error_messages={"required": "Read both texts and confirm it."},
    )
    certain = forms.BooleanField(
        required=False,
        label="What the rules found tells of nobody: keep it",
        widget=forms.HiddenInput(),
    )

    class Meta:
        model = ReviewedReply
        fields = ("question", "answer", "topics")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["topics"] = ", ".join(self.instance.topics)

    def clean_answer(self) -> str:
        answer = str(self.cleaned_data["answer"])
        if PLACEHOLDER.search(answer):
            raise forms.ValidationError(
                "Put it in other words, without any in brackets: a model would learn to say them."
            )
        return answer

    def clean_topics(self) -> list[str]:
        named = (topic.strip() for topic in str(self.cleaned_data["topics"]).split(","))
        return list(dict.fromkeys(topic for topic in named if topic))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        risk = screen_exchange(cleaned.get("question", ""), cleaned.get("answer", "")).risk
        if risk != "none":
            self.add_error(
                "question",
                f"This seems to tell of danger ({risk}). Nothing is learnt from such words.",
            )
        for name in ("question", "answer"):
            self._look_again(name, cleaned.get(name, ""))
        return cleaned

    @property
    def words(self) -> Words:
        given = self.cleaned_data
        return Words(given["question"], given["answer"], tuple(given["topics"]))

    def _look_again(self, name: str, text: str) -> None:
        """What the rules find in the reviewer's own words as well; they may know better."""
        found = find(text, help_lines=help_numbers())
        if not found:
            return
        self.fields["certain"].widget = forms.CheckboxInput()
        if not self.cleaned_data.get("certain"):
            told = ", ".join(f"“{text[one.start : one.end]}”" for one in found[:_SHOWN])
            self.add_error(name, f"This may still tell who it is: {told}.")
