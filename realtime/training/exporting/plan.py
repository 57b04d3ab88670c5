"""How it is to be trained, as an operator asked for it."""

from __future__ import annotations

from dataclasses import dataclass

# What a first LoRA run is usually given; a vendor's own choice where it has one.
LORA_LEARNING_RATE = 2e-4
LORA_BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """None leaves a choice to the vendor, or to our default for LoRA on one's own machine.

    `learning_rate`: for OpenAI's wire a multiplier of the vendor's own, elsewhere absolute.
    `base_model` empty: one that is named in the target's files.
    """

    epochs: int = 3
    batch_size: int | None = None
    learning_rate: float | None = None
    base_model: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.epochs <= 50:
            raise ValueError("epochs are between 1 and 50")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError("the batch size is at least 1")
        if self.learning_rate is not None and not 1e-9 <= self.learning_rate <= 100:
            raise ValueError("the learning rate is between 0.000000001 and 100")
