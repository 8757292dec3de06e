"""Phrasebook: the small grammar that the simulated remarks are made from (phrases.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any

from ruamel.yaml import YAML

from pipelines.simulation.scenario import Mood
from schemas.touchpoint import Touchpoint

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Phrasebook:
    """Sentences by touchpoint and mood, and what fills their slots."""

    slots: Mapping[str, Sequence[str]]
    frames: Mapping[str, Mapping[str, Sequence[str]]]
    touchpoints: Mapping[str, Mapping[str, Sequence[str]]]
    launch: Mapping[str, Sequence[str]]
    outage: Sequence[str]
    flood: Sequence[str]
    elsewhere: Mapping[str, Mapping[str, Sequence[str]]]

    @classmethod
    def load(cls) -> Phrasebook:
        """The phrasebook of the package."""
        text = files(__package__).joinpath("phrases.yaml").read_text(encoding="utf-8")
        sections: dict[str, Any] = YAML(typ="safe").load(text)
        return cls(**sections)

    def everyday(self, rng: Random, touchpoint: Touchpoint, mood: Mood) -> str:
        """One framed remark about a touchpoint."""
        return self._framed(rng, rng.choice(self.touchpoints[touchpoint][mood]), mood)

    def mixed(self, rng: Random, first: tuple[Touchpoint, Mood], second: tuple[Touchpoint, Mood]) -> str:
        """Two bare sentences about two touchpoints, as people write them in one breath."""
        return " ".join(
            self._filled(rng, rng.choice(self.touchpoints[touchpoint][mood]))
            for touchpoint, mood in (first, second)
        )

    def about_launch(self, rng: Random, touchpoint: Touchpoint) -> str:
        """One framed complaint about the hurting launch."""
        return self._framed(rng, rng.choice(self.launch[touchpoint]), Mood.FRICTION)

    def about_outage(self, rng: Random) -> str:
        """One framed complaint about the outage."""
        return self._framed(rng, rng.choice(self.outage), Mood.FRICTION)

    def advertisement(self, rng: Random, phone: str) -> str:
        """One of the near-identical texts of the flood."""
        return rng.choice(self.flood).replace("{phone}", phone)

    def abroad(self, rng: Random, mood: Mood) -> str:
        """A remark in a language other than English; a question is asked as a complaint."""
        kind = Mood.DELIGHT if mood is Mood.DELIGHT else Mood.FRICTION
        return rng.choice(self.elsewhere[rng.choice(sorted(self.elsewhere))][kind])

    def _framed(self, rng: Random, sentence: str, mood: Mood) -> str:
        frame = self.frames[mood]
        parts = (rng.choice(frame["before"]), sentence, rng.choice(frame["after"]))
        return self._filled(rng, " ".join(part for part in parts if part))

    def _filled(self, rng: Random, text: str) -> str:
        filled = _SLOT.sub(lambda slot: rng.choice(self.slots[slot[1]]), text)
        return filled[0].upper() + filled[1:]
