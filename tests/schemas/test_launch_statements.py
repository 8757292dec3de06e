"""What the payloads of GitHub and App Store Connect say of launches."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.app_store_version import read_version_state
from schemas.github_release import read_release
from schemas.launch import InvalidLaunch, Launch
from schemas.launch_statement import NothingSaid, Statement
from tests.pipelines.launches.payloads import release, version_state

PRODUCTS = {"parcelbird/app": "Parcelbird"}
LAUNCH = Launch(
    "Parcelbird",
    datetime(2025, 4, 22, 8, tzinfo=UTC),
    version="4.2",
    title="One-page checkout",
    note="Pay on one page.",
    url="https://github.com/parcelbird/app/releases/tag/v4.2",
)


def said(payload: dict[str, Any], *, prereleases: bool = False) -> Statement:
    return read_release(payload, PRODUCTS, prereleases=prereleases)


class TestGitHub:
    @pytest.mark.parametrize("action", ["published", "released", "edited"])
    def test_a_release_is_a_launch(self, action: str) -> None:
        assert said(release(action)) == Statement(LAUNCH, partial=True)

    @pytest.mark.parametrize("action", ["deleted", "unpublished"])
    def test_a_release_may_be_taken_back(self, action: str) -> None:
        assert said(release(action, draft=True, published_at=None)) == Statement(None, LAUNCH.launch_id)

    def test_another_tag_takes_the_earlier_launch_back(self) -> None:
        payload = {**release("edited", tag_name="v4.2.1"), "changes": {"tag_name": {"from": "v4.2"}}}
        statement = said(payload)
        assert statement.takes_back == LAUNCH.launch_id
        assert statement.launch is not None
        assert statement.launch.version == "4.2.1"

    def test_the_beginning_of_long_notes_is_kept(self) -> None:
        launch = said(release(body="word " * 1000)).launch
        assert launch is not None
        assert launch.note is not None
        assert len(launch.note) <= 500
        assert launch.note.endswith("word…")

    def test_only_a_v_before_a_number_is_dropped(self) -> None:
        launches = [said(release(tag_name=tag)).launch for tag in ("V5", "version-5", " 5 ", "v")]
        assert [launch and launch.version for launch in launches] == ["5", "version-5", "5", "v"]

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (release("created"), "the action created changes no launch"),
            (release(draft=True), "draft"),
            (release(prerelease=True), "pre-release"),
            ({**release(), "repository": {"full_name": "other/app"}}, "other/app has no product"),
        ],
    )
    def test_what_says_nothing_is_left_alone(self, payload: dict[str, Any], reason: str) -> None:
        with pytest.raises(NothingSaid, match=reason):
            said(payload)

    def test_pre_releases_count_where_asked_for(self) -> None:
        assert said(release(prerelease=True), prereleases=True).launch == LAUNCH

    @pytest.mark.parametrize(
        ("payload", "complaint"),
        [
            ({}, "repository is missing"),
            ({"repository": {"full_name": "parcelbird/app"}}, "release is missing"),
            (release(tag_name=""), "tag_name is missing"),
            (release(published_at=None), "launched_at is missing"),
            (release(published_at="soon"), "not a date"),
        ],
    )
    def test_what_is_no_release_is_refused(self, payload: dict[str, Any], complaint: str) -> None:
        with pytest.raises(InvalidLaunch, match=complaint):
            said(payload)


class TestAppStore:
    def test_a_version_on_sale_is_a_launch_under_the_name_people_know(self) -> None:
        launch = read_version_state(version_state(), "Parcelbird", {"ad7e-1": "4.2"}).launch
        at = datetime(2025, 6, 10, 12, 0, 0, 745_000, tzinfo=UTC)
        assert launch == Launch("Parcelbird", at, version="4.2", platform="ios")

    def test_without_a_name_it_stands_under_its_identity(self) -> None:
        launch = read_version_state(version_state("READY_FOR_SALE"), "Parcelbird", {}).launch
        assert launch is not None
        assert (launch.version, launch.title, launch.platform) == (None, "App Store version ad7e-1", "ios")

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (version_state("IN_REVIEW"), "IN_REVIEW it has reached nobody"),
            ({"data": {"type": "webhookPingCreated", "attributes": {}}}, "webhookPingCreated is about no launch"),
        ],
    )
    def test_what_says_nothing_is_left_alone(self, payload: dict[str, Any], reason: str) -> None:
        with pytest.raises(NothingSaid, match=reason):
            read_version_state(payload, "Parcelbird", {})

    @pytest.mark.parametrize(
        "payload",
        [{}, {"data": {"type": "appStoreVersionAppVersionStateUpdated"}}, version_state(timestamp=None)],
    )
    def test_what_is_no_event_is_refused(self, payload: dict[str, Any]) -> None:
        with pytest.raises((InvalidLaunch, NothingSaid)):
            read_version_state(payload, "Parcelbird", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("published"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["data", "type", "attributes", "release", "repository", "action", "tag_name", "changes"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["data", "release", "repository", "action"]), JSON))
def test_no_object_breaks_the_readers(payload: dict[str, Any]) -> None:
    with contextlib.suppress(NothingSaid, InvalidLaunch):
        read_release(payload, {"none": "Parcelbird"}, prereleases=True)
    with contextlib.suppress(NothingSaid, InvalidLaunch):
        read_version_state(payload, "Parcelbird", {})
