from __future__ import annotations

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.agent.errors import ModelError
from realtime.corpus import embedding, indexing
from realtime.provider.config import ProviderConfig
from realtime.training.subcommands.bar import Bar

NAME = "index"
HELP = "Build now what is searched; with an embeddings endpoint, make the vectors that are missing"
_PATIENCE_S = 120.0  # for a batch of vectors


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--price", type=float, help="US dollars a million tokens of your model")
    parser.add_argument(
        "--yes", action="store_true", help="have the missing vectors made, and pay"
    )


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    where = embedding.config()
    if where is not None:
        _embed(command, where, options)
    version = indexing.note_change()
    if version is None or not version.rows:
        command.stdout.write("There is nothing to search yet: dataset import FILE.")
        return
    began = monotonic()
    try:
        folder = indexing.build(version, child=False, wait=True)
    except indexing.NotBuilt as why:
        raise CommandError(f"The index was not built: {why}. Say it again.") from why
    except OSError as error:
        raise CommandError(f"INDEX_DIR cannot be written: {error.strerror}.") from error
    from realtime.corpus.searching.files import size_of

    command.stdout.write(
        f"Index {version.digest[:12]}: {version.rows:,} exchanges, "
        f"{size_of(folder) / 1e6:,.1f} MB, {monotonic() - began:.1f} s."
    )


def _embed(command: BaseCommand, where: ProviderConfig, options: dict[str, Any]) -> None:
    wanted = embedding.wanted(where.model)
    if not wanted.texts:
        command.stdout.write(f"{where.model}: every text has its vector.")
        return
    price = options["price"] if options["price"] is not None else embedding.price_of(where)
    cost = wanted.cost(price)
    costs = "a price that is not known here (--price)" if cost is None else f"about ${cost:,.4f}"
    command.stdout.write(
        f"{where.model} at {where.host}: {len(wanted.texts):,} texts without a vector, "
        f"about {wanted.tokens:,} tokens, {costs}."
    )
    if not options["yes"]:
        raise CommandError("Nothing was sent. Say --yes to have them made.")
    _make(wanted, where)


def _make(wanted: embedding.Wanted, where: ProviderConfig) -> None:
    from realtime.provider.embeddings import Embedder

    embedder = Embedder(where, timeout_s=_PATIENCE_S)
    done = 0

    def made(many: int) -> None:
        nonlocal done
        done += many
        bar.moved(done, len(wanted.texts))

    try:
        with Bar() as bar:
            embedding.embed(wanted.texts, embedder, made)
    except ModelError as error:
        raise CommandError(
            f"The endpoint did not go on: {error}. {done:,} vectors are kept; say it again."
        ) from error
    finally:
        embedder.close()
