"""Left out: what the watch does not count as friction, or counts as one voice, because it came from few.

A flood is noted and is no alarm: it says why a source is loud in posts and quiet in people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.watch.said import Said
from schemas.alert import WHOLE_PRODUCT
from transforms.detect.evidence import Items
from transforms.detect.floods import Flood, FloodKind, floods
from transforms.detect.layout import SeriesKey


@dataclass(frozen=True, order=True)
class FloodNote:
    """What was left out or counted as one in an hour, because it came from few: `posts` of so many known `authors`.

    With `*` for a touchpoint, of all that the source delivered.
    """

    hour: int
    product: str
    touchpoint: str
    source: str
    kind: FloodKind
    posts: int
    authors: int

    @property
    def place(self) -> str:
        """Product, source and touchpoint, as far as they are known: `firefox, support, sync`."""
        touchpoint = "" if self.touchpoint == WHOLE_PRODUCT else self.touchpoint
        return ", ".join(word for word in (self.product, self.source, touchpoint) if word)

    def __str__(self) -> str:
        by = f" by {self.authors} known authors" if self.authors > 1 else " by one author" if self.authors else ""
        return f"{self.place}: {self.posts} posts{by} ({self.kind})"


@dataclass(frozen=True)
class NotCounted:
    """Of some hours, the floods, and by hour and product the posts that are promotion, automatic messages or copies."""

    floods: tuple[FloodNote, ...] = ()
    posts: Mapping[tuple[int, str], int] = field(default_factory=dict)

    def within(self, begin: int, end: int) -> NotCounted:
        """That of the hours from `begin` until before `end`."""
        return NotCounted(
            tuple(note for note in self.floods if begin <= note.hour < end),
            {(hour, product): posts for (hour, product), posts in self.posts.items() if begin <= hour < end},
        )

    @classmethod
    def of(cls, parts: Iterable[NotCounted], begin: int, end: int) -> NotCounted:
        """Those of several days, within these hours."""
        floods: tuple[FloodNote, ...] = ()
        posts: dict[tuple[int, str], int] = {}
        for part in parts:
            floods += part.floods
            posts |= part.posts
        return cls(floods, posts).within(begin, end)

    def at(self, product: str, touchpoint: str) -> tuple[FloodNote, ...]:
        """The floods that concern a touchpoint, or a product where that is `*`."""
        return tuple(
            note
            for note in self.floods
            if note.product == product
            and (note.touchpoint == touchpoint or WHOLE_PRODUCT in {touchpoint, note.touchpoint})
        )

    def posts_of(self, product: str) -> int:
        """How many of a product's posts were left out."""
        return sum(posts for (_, of), posts in self.posts.items() if of == product)


def flood_notes(said: Said, keys: Sequence[SeriesKey], items: Items) -> tuple[FloodNote, ...]:
    """The floods of each touchpoint's feedback and of all that a source delivered, in order, each once.

    `items` are those of the series `keys`. What a source's flood tells already is not told of its touchpoints. Copies
    by unknown authors are floods of one text here, whatever else they are not counted for.
    """
    everything = Items(
        series=said.feed,
        hour=said.hour,
        identity=np.arange(len(said)),
        author=said.author,
        conversation=said.conversation,
        cluster=said.cluster,
        promotion=said.noise,
    )
    of_sources = [
        _note(flood, SeriesKey(product, WHOLE_PRODUCT, source))
        for flood in floods(everything)
        for product, source in [said.feeds[flood.series]]
    ]
    told = {(note.hour, note.product, note.source, note.kind) for note in of_sources}
    of_touchpoints = [
        _note(flood, keys[flood.series])
        for flood in floods(replace(items, promotion=np.zeros(len(items.hour), dtype=bool)))
        if keys[flood.series].source is not None
    ]
    return tuple(
        sorted(
            of_sources
            + [note for note in of_touchpoints if (note.hour, note.product, note.source, note.kind) not in told]
        )
    )


def _note(flood: Flood, key: SeriesKey) -> FloodNote:
    return FloodNote(
        flood.hour, key.product, key.touchpoint, str(key.source), flood.kind, flood.posts, flood.authors
    )


def left_out(said: Said) -> dict[tuple[int, str], int]:
    """By hour and product, the posts that are promotion, automatic messages or copies by unknown authors."""
    of_those = said.noise | said.pasted
    return dict(
        Counter(
            (hour, said.feeds[feed][0])
            for hour, feed in zip(said.hour[of_those].tolist(), said.feed[of_those].tolist(), strict=True)
        )
    )
