"""The simulation is the same for the same seed, and is what truth.json says it is."""

from __future__ import annotations

import csv
import ipaddress
import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from pipelines.cli import main
from pipelines.simulate import LAUNCHES_FILE, SOURCE_FILES, TRUTH_FILE, Simulated, simulate
from pipelines.simulation import scenario
from pipelines.simulation.personal_data import PersonalDatum, confide
from pipelines.simulation.phrasebook import Phrasebook
from pipelines.simulation.remarks import Crowd
from pipelines.simulation.scenario import Cause, Mood, Source
from schemas.identity import AuthorKeyring
from schemas.mapping import load_mapping
from schemas.personal_data import redact_text
from transforms.decode import decode
from transforms.elements import MessageBatch
from transforms.normalize import normalize

EVENTS = 3_000


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("simulated"), events=EVENTS, seed=11)


def lines(simulated: Simulated, name: str) -> list[bytes]:
    found = (simulated.folder / name).read_bytes().split(b"\n")
    assert found.pop() == b""
    return found[1:] if name.endswith(".csv") else found


def test_same_seed_same_bytes(simulated: Simulated, tmp_path: Path) -> None:
    again, other = (
        simulate(tmp_path / "a", events=EVENTS, seed=11),
        simulate(tmp_path / "b", events=EVENTS, seed=12),
    )
    names = sorted(path.name for path in simulated.folder.iterdir())
    assert names == sorted(path.name for path in again.folder.iterdir())
    for name in names:
        assert (simulated.folder / name).read_bytes() == (again.folder / name).read_bytes(), name
    assert (other.folder / "app_reviews.csv").read_bytes() != (again.folder / "app_reviews.csv").read_bytes()


def test_counts_are_those_of_truth(simulated: Simulated) -> None:
    truth = json.loads((simulated.folder / TRUTH_FILE).read_text())
    assert truth == json.loads(json.dumps(simulated.truth))
    assert sum(len(lines(simulated, file.name)) for file in SOURCE_FILES) == EVENTS == truth["messages"]
    for file in SOURCE_FILES:
        counts, found = truth["files"][file.name], lines(simulated, file.name)
        assert len(found) == counts["messages"]
        assert counts["messages"] == counts["accepted"] + counts["duplicate"] + sum(counts["dead"].values())
        assert len(found) - len(set(found)) == counts["duplicate"]
    assert sum(truth["poison"].values()) == sum(sum(counts["dead"].values()) for counts in truth["files"].values())
    assert set(truth["poison"]) == {name for file in SOURCE_FILES for name in file.poisons}
    assert set(truth["causes"]) == {cause.value for cause in Cause}
    assert truth["deletions"] > 0
    assert truth["edits"] > truth["deletions"]


def test_launches_are_those_of_the_scenario(simulated: Simulated) -> None:
    with (simulated.folder / LAUNCHES_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["product"], row["version"]) for row in rows] == [("Parcelbird", v) for v in ("4.1", "4.2", "4.3")]
    assert [row["version"] for row in simulated.truth["launches"] if row["effect"] == "hurts"] == ["4.2"]


def test_every_poison_is_refused_for_its_own_reason(simulated: Simulated) -> None:
    for file in SOURCE_FILES:
        counts = simulated.truth["files"][file.name]
        mapping = load_mapping(str(simulated.folder / file.mapping) if file.mapping else "feedback_event")
        header = tuple(file.header.decode().split(",")) if file.header else None
        payloads = lines(simulated, file.name)
        origins = [str(number) for number in range(len(payloads))]
        decoded = decode(MessageBatch(payloads, origins, scenario.BEGINS, header=header), mapping.source)
        normalized = normalize(decoded.passed, mapping, AuthorKeyring(b"k" * 32))
        refused = Counter(letter.violation.kind.value for letter in [*decoded.failed, *normalized.failed])
        assert refused == counts["dead"], file.name
        events = normalized.passed
        assert len(set(events.column("event_id").to_pylist())) == counts["accepted"]
        assert set(events.column("source").to_pylist()) == {counts["source"]}
        assert set(events.column("product").to_pylist()) == {scenario.PRODUCT}


def test_redaction_removes_what_was_planted(simulated: Simulated) -> None:
    planted = {datum for data in simulated.truth["personal_data"].values() for datum in data}
    for file in SOURCE_FILES:
        for line in lines(simulated, file.name)[:400]:
            text = line.decode(errors="replace")
            given = [datum for datum in planted if datum in text]
            removed: Counter[str] = Counter()
            left = redact_text(text, removed)
            assert not [datum for datum in given if datum in left]
            assert not given or removed


@pytest.fixture(scope="module")
def everyday() -> list:
    return list(Crowd(Random(3), Phrasebook.load(), 8_000).everyday(8_000))


def test_weekends_are_quieter(everyday: list) -> None:
    days = Counter(remark.said_at.weekday() for remark in everyday)
    assert max(days[5], days[6]) < 0.8 * min(days[day] for day in range(5))


def test_texts_are_many_and_filled(everyday: list) -> None:
    texts = [remark.text for remark in everyday if remark.text]
    assert len(set(texts)) > 0.7 * len(texts)
    assert not [text for text in texts if "{" in text or "}" in text]


def test_fix_lowers_friction_where_it_fixed_something(everyday: list) -> None:
    def rate(touchpoint: str, fixed: bool) -> float:
        moods = [
            remark.mood is Mood.FRICTION
            for remark in everyday
            if remark.touchpoint == touchpoint and (remark.said_at >= scenario.FIXING_LAUNCH.launched_at) == fixed
        ]
        return sum(moods) / len(moods)

    assert rate("account", fixed=True) < 0.7 * rate("account", fixed=False)
    assert rate("delivery", fixed=True) > 0.8 * rate("delivery", fixed=False)


def test_harm_of_the_launch_fades() -> None:
    launched_at = scenario.HURTING_LAUNCH.launched_at
    days = [(remark.said_at - launched_at).days for remark in _crowd().about_launch(2_000)]
    weeks = Counter(day // 7 for day in days)
    assert weeks[0] > 2 * weeks[1] > 4 * weeks[2]
    assert min(days) == 0


def test_outage_and_flood_stay_in_their_hours() -> None:
    outage, flood = list(_crowd().about_outage(300)), list(_crowd().flood(300))
    assert all(scenario.OUTAGE_BEGINS <= remark.said_at < scenario.OUTAGE_ENDS for remark in outage)
    assert all(scenario.FLOOD_BEGINS <= remark.said_at < scenario.FLOOD_ENDS for remark in flood)
    assert len({remark.author for remark in flood}) == scenario.FLOOD_ACCOUNTS
    assert {remark.source for remark in flood} == {Source.REVIEWS}
    assert all(remark.mood is None for remark in flood)


def _crowd() -> Crowd:
    return Crowd(Random(5), Phrasebook.load(), 8_000)


def test_personal_data_is_nobodys() -> None:
    rng = Random(1)
    seen: dict[PersonalDatum, set[str]] = {}
    for _ in range(2_000):
        kind, datum, sentence = confide(rng)
        assert datum in sentence
        seen.setdefault(kind, set()).add(datum)
    assert set(seen) == set(PersonalDatum)
    assert all(re.fullmatch(r"\S+@example\.(com|org|net)", datum) for datum in seen[PersonalDatum.EMAIL])
    assert all(re.search(r"555-?01\d\d$", datum) for datum in seen[PersonalDatum.PHONE])
    assert all(re.fullmatch(r"https://\w+:\w+@example\.(com|org|net)/log", d) for d in seen[PersonalDatum.URL])
    networks = [
        ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    for datum in seen[PersonalDatum.IP]:
        assert any(ipaddress.ip_address(datum) in network for network in networks)


def test_planted_data_stands_in_the_files(simulated: Simulated) -> None:
    everything = b"\n".join((simulated.folder / file.name).read_bytes() for file in SOURCE_FILES).decode(
        errors="replace"
    )
    for kind, data in simulated.truth["personal_data"].items():
        assert data
        assert all(datum in everything for datum in data), kind


def test_command_writes_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--out", str(tmp_path / "out"), "--events", "300", "--seed", "1"]) == 0
    assert "Simulated" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / TRUTH_FILE).read_text())["simulation"] is True
    assert {file.mapping for file in SOURCE_FILES if file.mapping} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }


@pytest.mark.parametrize("arguments", [["--events", "3"], ["--out", "{file}"]])
def test_command_refuses_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    wanted = ["simulate", "--out", str(tmp_path / "out"), *(word.format(file=file) for word in arguments)]
    assert main(wanted) == 2
    error = capsys.readouterr().err
    assert error.startswith("tribometer: ")
    assert error.count("\n") == 1
