"""Examples to fine-tune on, from the exchanges of the corpus, and the manifest that tells of them.

`build` reads; everything else is pure. Same rows and same options: the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from realtime.agent.prompt import PROMPT_VERSION, system_prompt
from realtime.corpus.models import Exchange, Import
from realtime.corpus.queries import exchanges_to_learn_from
from realtime.corpus.splitting import SPLIT_SEED
from realtime.review import operations as reviewed
from realtime.training.choosing import VALIDATION, Choice, Chosen, Pair, choose
from realtime.training.exporting import folder as folders
from realtime.training.exporting import jsonl, names, targets
from realtime.training.exporting.licences import Source
from realtime.training.exporting.plan import Plan
from realtime.training.manifest import manifest

# Vendors take no fewer; so few are enough to try the way, not to learn from.
LEAST = 10
Example = dict[str, list[dict[str, str]]]


class DatasetRefused(Exception):
    """There is nothing here that could be learnt from; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """What every example begins with; empty: nothing."""

    text: str
    version: str

    @classmethod
    def of_product(cls) -> SystemPrompt:
        """The rules as they are said to the model, of a person whose country is not known."""
        return cls(system_prompt(None).content, PROMPT_VERSION)

    @classmethod
    def of_text(cls, text: str) -> SystemPrompt:
        text = text.strip()
        digest = sha256(text.encode()).hexdigest()[:12]
        return cls(text, f"own-{digest}" if text else "none")


NO_PROMPT = SystemPrompt("", "none")


@dataclass(frozen=True, slots=True)
class Dataset:
    """`train` and `validation` are examples {"messages": [...]}, in the order of the files."""

    train: list[Example]
    validation: list[Example]
    manifest: dict[str, Any]
    plan: Plan
    sources: tuple[Source, ...]

    def write(self, folder: Path, target: str, *, force: bool = False) -> list[Path]:
        """Write everything `target` needs; raises folders.FolderRefused before it changes a file.

        The manifest comes last: a folder with one is whole.
        """
        files = targets.files(
            target,
            train=jsonl.render(self.train),
            validation=jsonl.render(self.validation),
            manifest=self.manifest,
            plan=self.plan,
            sources=self.sources,
        )
        return folders.write(folder, files, force=force, last=names.MANIFEST)


def build(
    *,
    sample: int | None = 150,
    seed: int = SPLIT_SEED,
    validation: float = VALIDATION,
    cap: int = 3,
    with_reviewed: bool = True,
    without_flagged: bool = False,
    prompt: SystemPrompt | None = None,
    plan: Plan | None = None,
) -> Dataset:
    """Build from what the corpus holds now. Raises DatasetRefused; ValueError for odd options.

    Reviewed replies are first looked at anew: none is in it whose person took it back.
    """
    choice = Choice(
        sample=sample,
        seed=seed,
        validation=validation,
        cap=cap,
        with_reviewed=with_reviewed,
        without_flagged=without_flagged,
    )
    reviewed.join()
    pairs, dropped = _read()
    chosen = choose(pairs, choice)
    chosen.steps.insert(
        0, ("whole conversation may be learnt from", len(pairs) + dropped, len(pairs))
    )
    _refuse_too_few(chosen, empty=not pairs)
    sources = _sources({pair.source for pair in [*chosen.train, *chosen.validation]})
    return assemble(
        chosen,
        choice,
        sources=sources,
        prompt=prompt or SystemPrompt.of_product(),
        plan=plan or Plan(),
    )


def assemble(
    chosen: Chosen,
    choice: Choice,
    *,
    sources: tuple[Source, ...],
    prompt: SystemPrompt,
    plan: Plan,
) -> Dataset:
    train = [_example(pair, prompt) for pair in chosen.train]
    validation = [_example(pair, prompt) for pair in chosen.validation]
    told = manifest(
        chosen,
        choice,
        files={names.TRAIN: jsonl.render(train), names.VALIDATION: jsonl.render(validation)},
        sources=sources,
        prompt={"version": prompt.version, "text": prompt.text},
        plan=plan,
    )
    return Dataset(train, validation, told, plan, sources)


def _example(pair: Pair, prompt: SystemPrompt) -> Example:
    system = [{"role": "system", "content": prompt.text}] if prompt.text else []
    return {"messages": [*system, *pair.messages]}


def _refuse_too_few(chosen: Chosen, *, empty: bool) -> None:
    if empty:
        raise DatasetRefused("There is nothing to learn from yet: `dataset import FILE` first.")
    if len(chosen.train) < LEAST:
        raise DatasetRefused(
            f"Only {len(chosen.train)} pairs to train on are left; at least {LEAST} are needed. "
            "Import more, ask for a larger sample, or hold out less."
        )


def _read() -> tuple[list[Pair], int]:
    """The pairs, and how many were left out for an earlier turn that nothing may learn from."""
    learnable = exchanges_to_learn_from()
    spoilt = _spoilt()
    pairs, dropped = list[Pair](), 0
    for exchange in learnable.order_by("source__sha256", "row", "turn").iterator(2000):
        before = spoilt.get((exchange.source_id, exchange.row))
        if exchange.history and before is not None and before < exchange.turn:
            dropped += 1
        else:
            pairs.append(_pair(exchange))
    return pairs, dropped


def _spoilt() -> dict[tuple[int, int], int]:
    """Rows of several turns, with their first turn that is not to be learnt from."""
    several = Exchange.objects.filter(turn__gt=0).values("source_id", "row")
    rows = {(each["source_id"], each["row"]) for each in several}
    learnable = exchanges_to_learn_from().values("pk")
    kept_out = Exchange.objects.exclude(pk__in=learnable).values_list("source_id", "row", "turn")
    first: dict[tuple[int, int], int] = {}
    for source, row, turn in kept_out.order_by("-turn").iterator(5000):
        if (source, row) in rows:
            first[source, row] = turn
    return first


def _pair(exchange: Exchange) -> Pair:
    scores = list((exchange.moderation or {}).values())
    return Pair(
        id=exchange.pk,
        source=exchange.source_id,
        row=exchange.row,
        turn=exchange.turn,
        question_key=exchange.question_key,
        asked=exchange.asked,
        answer=exchange.answer,
        history=tuple(_plain(exchange.history)),
        flagged=max(scores) if scores else None,
        reviewed=exchange.source.origin == Import.Origin.REVIEWED,
    )


def _plain(history: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for message in history:
        yield {"role": str(message["role"]), "content": str(message["content"])}


def _sources(ids: set[int]) -> tuple[Source, ...]:
    imports = Import.objects.filter(pk__in=ids).order_by("sha256", "pk")
    return tuple(
        Source(
            id=each.pk,
            name=each.name,
            origin=each.origin,
            sha256=each.sha256,
            licence=each.licence,
            licence_text=each.licence_text,
            attribution=each.attribution,
            url=each.source_url,
        )
        for each in imports
    )
