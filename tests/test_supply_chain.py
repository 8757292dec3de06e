"""The lock file, the reasons and the checks of `make supply-chain`, which can fail."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply_chain import bill, licences, secrets
from supply_chain.locked import Locked, read_lock

ROOT = Path(__file__).resolve().parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCKS = [ROOT / "requirements.lock", ROOT / "supply_chain" / "requirements.lock"]

REQUIRED = re.compile(r'^\s*"(?P<requirement>[A-Za-z][^"]*)",(?P<rest>.*)$', re.MULTILINE)
TYPES = "types-"
"""Stubs say in their name what they are for."""


def stated() -> dict[str, str]:
    """Every requirement of pyproject.toml, and what stands behind it on its line."""
    read = tomllib.loads(PROJECT)
    project, groups = read["project"], read["dependency-groups"]
    wanted = [*project["dependencies"], *groups["dev"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    lines = {found["requirement"]: found["rest"].strip() for found in REQUIRED.finditer(PROJECT)}
    return {one: lines[one] for one in wanted}


@pytest.mark.parametrize(("requirement", "behind"), stated().items())
def test_every_dependency_has_its_reason(requirement: str, behind: str) -> None:
    if not requirement.startswith(TYPES):
        assert re.match(r"# \S+.*\S+", behind), f"{requirement}: say in pyproject.toml what it is for"


@pytest.mark.parametrize("lock", LOCKS, ids=["product", "checkers"])
def test_every_locked_requirement_has_hashes(lock: Path) -> None:
    locked = read_lock(lock)
    assert len(locked) > 20
    assert [one.name for one in locked if not one.hashes] == []
    assert {found.split(":")[0] for one in locked for found in one.hashes} == {"sha256"}
    assert {len(found) for one in locked for found in one.hashes} == {len("sha256:") + 64}


def test_the_lock_file_has_all_that_is_asked_for() -> None:
    locked = {one.name: one.version for one in read_lock(LOCKS[0]) if one.here}
    extras = tomllib.loads(PROJECT)["project"]["optional-dependencies"]
    clouds = {Requirement(one).name for one in (*extras["gcp"], *extras["aws"])}
    for one in map(Requirement, stated()):
        if one.name not in clouds or not one.extras:
            assert one.specifier.contains(locked[canonicalize_name(one.name)]), one


def test_a_requirement_without_version_or_hash_is_noticed(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# a comment\nlamp==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:ab\nshade==2.0\n    # via lamp\n"
    )
    lamp, shade = read_lock(lock)
    assert (lamp, shade) == (
        Locked("lamp", "1.0", False, ("sha256:ab",)),
        Locked("shade", "2.0", True, ()),
    )
    lock.write_text("lamp>=1.0\n")
    with pytest.raises(ValueError, match="not locked to one version"):
        read_lock(lock)


@pytest.mark.parametrize(
    ("licence", "met"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("(MIT AND GPL-3.0-only) OR LGPL-3.0", False),
        ("MIT License; GNU General Public License v3 (GPLv3)", False),
        ("ISC License (ISCL)", True),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licences_are_read_as_they_are_meant(licence: str, met: bool) -> None:
    allowed = {"MIT", "Apache-2.0", "MIT License", "ISC License ISCL"}
    assert licences.is_allowed(licence, allowed) is met


def test_every_exception_has_a_reason_and_none_is_allowed_anyway() -> None:
    policy = licences.read_policy()
    assert all(reason.strip() for _, reason in (*policy.exceptions.values(), *policy.elsewhere.values()))
    assert [name for name, (one, _) in policy.exceptions.items() if licences.is_allowed(one, policy.allowed)] == []


def test_what_is_wrong_with_licences_is_said() -> None:
    policy = licences.Policy(
        frozenset({"MIT"}), {"shade": ("MPL-2.0", "a reason"), "gone": ("MPL-2.0", "a reason")}, {}
    )
    locked = [
        Locked("lamp", "1.0", True, ()),
        Locked("shade", "1.0", True, ()),
        Locked("bulb", "1.0", True, ()),
        Locked("cord", "2.0", True, ()),
        Locked("plug", "1.0", False, ()),
    ]
    installed = {
        "lamp": ("1.0", "MIT"),
        "shade": ("1.0", "GPL-3.0-only"),
        "bulb": ("1.0", "UNKNOWN"),
        "cord": ("1.0", "MIT"),
    }
    found = licences.problems(locked, installed, policy)
    assert [one.split()[0] for one in found] == ["shade", "bulb", "cord", "plug", "gone"]
    assert licences.problems(locked[:1], installed, licences.Policy(policy.allowed, {}, {})) == []


def test_a_package_that_the_bill_lacks_is_named() -> None:
    locked = [Locked("lamp", "1.0", True, ()), Locked("shade", "1.0", True, ()), Locked("plug", "1.0", False, ())]
    written = {"components": [{"name": "Lamp", "version": "1.0"}, {"name": "shade", "version": "0.9"}]}
    assert bill.lacking(written, locked) == ["the bill of materials lacks shade 1.0"]


def test_a_new_secret_is_named_by_its_place_and_not_quoted(tmp_path: Path) -> None:
    seen = {"a.py": [{"type": "Secret Keyword", "hashed_secret": "ab", "line_number": 3}]}
    baseline = tmp_path / "secrets.json"
    secrets.accept(seen, baseline)
    assert json.loads(baseline.read_text()) == {"a.py": ["Secret Keyword ab"]}
    assert secrets.problems(seen, baseline) == []
    new = {"a.py": [*seen["a.py"], {"type": "Slack Token", "hashed_secret": "cd", "line_number": 9}]}
    (said,) = secrets.problems(new, baseline)
    assert said.startswith("a.py:9: looks like a secret (Slack Token)")
    assert "cd" not in said.split(": ", 1)[1].split()
