"""What the shipped model says: of clear sentences, of odd input, and always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import SHIPPED
from models.own_words import MAX_SCORED_CHARACTERS
from models.reading import read
from models.scorer import SCORES, load_scorer
from models.scores import SENTIMENTS
from schemas.errors import UsageError


def _one(text: str, rating: float | None = None, language: str | None = "en") -> dict[str, Any]:
    [row] = load_scorer().score([text], [rating], [language]).to_pylist()
    assert isinstance(row, dict)
    return row


@pytest.mark.parametrize(
    ("text", "sentiment", "touchpoint"),
    [
        ("The app crashes every time I open it", "negative", "reliability"),
        ("Pages won't load since this morning, terrible", "negative", "reliability"),
        ("Everything freezes and I hate it", "negative", "reliability"),
        ("It is painfully slow and keeps hanging", "negative", "reliability"),
        ("The new tabs are ugly and waste space", "negative", "usability"),
        ("I hate the new menu, the font is too small", "negative", "usability"),
        ("The toolbar icons are confusing", "negative", "usability"),
        ("Beautiful interface, I love the dark theme", "positive", "usability"),
        ("I can't log in and the password reset is broken", "negative", "account"),
        ("My bookmarks no longer sync to my phone, so annoying", "negative", "account"),
        ("The installer fails and setup is a nightmare", "negative", "onboarding"),
        ("Please add a search feature", None, "features"),
        ("I was charged twice on my credit card, awful", "negative", "billing"),
        ("The invoice is wrong again", "negative", "billing"),
        ("Customer service was rude and unhelpful", "negative", "support"),
        ("The support team was friendly and solved it, thank you so much", "positive", "support"),
        ("My parcel never arrived, terrible courier", "negative", "delivery"),
        ("Fast delivery, great", "positive", "delivery"),
        ("They refuse a refund, terrible", "negative", "returns"),
        ("The checkout is broken and I can't place an order", "negative", "purchase"),
        ("Overpriced and not worth the money", "negative", "purchase"),
        ("My subscription renewal price doubled, ridiculous", "negative", "renewal"),
        ("I love it", "positive", "other"),
        ("This is great, best app ever", "positive", "other"),
        ("Worst experience of my life", "negative", "other"),
    ],
)
def test_clear_sentences(text: str, sentiment: str | None, touchpoint: str | None) -> None:
    row = _one(text)
    assert sentiment in (None, row["sentiment_label"])
    assert touchpoint in (None, row["touchpoint"])


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("It is good", "It is not good"),
        ("I like it", "I don't like it"),
        ("This works", "This does not work"),
        ("I would recommend it", "I would not recommend it"),
        ("I am happy with it", "I am not happy with it"),
        ("It never crashes", "It always crashes"),
        ("very helpful", "not very helpful"),
    ],
)
def test_negation(better: str, worse: str) -> None:
    assert _one(better)["sentiment"] > _one(worse)["sentiment"]


def test_a_contrast_is_two_mentions_with_their_own_scores() -> None:
    text = "Love the design, but checkout is broken"
    good, bad = _one(text)["mentions"]
    assert text[bad["start"] : bad["end"]] == "but checkout is broken"
    assert (good["touchpoint"], good["sentiment_label"]) == ("usability", "positive")
    assert (bad["touchpoint"], bad["sentiment_label"]) == ("purchase", "negative")
    assert good["friction_p"] < 0.5 < bad["friction_p"]


def test_courtesies_are_no_friction() -> None:
    for text in ("Thanks in advance!", "Hello everyone", "Thank you very much for your help", "Kind regards"):
        [mention] = _one(text)["mentions"]
        assert mention["friction_p"] < 0.1
        assert mention["touchpoint"] == "other"


@pytest.mark.parametrize(
    ("text", "effort"),
    [
        ("I had to call three times", -5),
        ("It was easy to set up", 3),
        ("It is not easy", -3),
        ("The sky is blue", None),
    ],
)
def test_effort(text: str, effort: int | None) -> None:
    assert _one(text)["effort"] == effort


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Please add dark mode", "feature_request"),
        ("How do I change the font?", "question"),
        ("It crashes with an error message", "bug"),
        ("I am switching to another browser", "churn_risk"),
        ("Highly recommend this app", "recommend"),
        ("This is a great app and I love it", "praise"),
        ("Terrible service, awful staff", "complaint"),
    ],
)
def test_intents(text: str, intent: str) -> None:
    assert intent in _one(text)["intents"]


def test_stars_anchor_the_event_and_leave_the_mentions_alone() -> None:
    plain, starred = _one("ok"), _one("ok", rating=-1.0)
    assert plain["sentiment_label"] == "neutral"
    assert starred["sentiment_label"] == "negative"
    assert starred["friction_p"] > plain["friction_p"]
    assert starred["mentions"] == plain["mentions"]
    by_stars = [_one("It is an app", rating)["sentiment"] for rating in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    assert by_stars == sorted(by_stars)


def test_what_the_text_says_is_kept_beside_the_stars() -> None:
    plain, starred = _one("It crashes all the time"), _one("It crashes all the time", rating=1.0)
    assert (plain["text_sentiment"], plain["text_friction_p"]) == (plain["sentiment"], plain["friction_p"])
    assert (starred["text_sentiment"], starred["text_friction_p"]) == (plain["sentiment"], plain["friction_p"])
    assert starred["sentiment"] > plain["sentiment"]
    unsaid = _one("", rating=1.0)
    assert (unsaid["text_sentiment"], unsaid["text_friction_p"]) == (None, None)


def test_a_rating_without_text_counts_alone() -> None:
    row = _one("", rating=1.0)
    assert (row["sentiment_label"], row["unscored_reason"], row["mentions"]) == ("positive", None, [])
    assert (row["touchpoint"], row["touchpoint_p"]) == ("other", None)


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("Sinds de laatste update kan ik niet meer inloggen, help alstublieft", None, "language:nl"),
        ("最新のアップデート以降、アプリが起動しません", None, "language:ja"),
        ("This is English but said to be Dutch", "nl-BE", "language:nl"),
        ("", None, "empty"),
        (" \n\t ", None, "empty"),
        ("\u200b\u202e\ufeff", None, "empty"),
        ("<br>&nbsp;</p>", None, "empty"),
        ("最新のアップデート以降、アプリが起動しません", "en-US", "script:cjk"),
        ("Приложение не открывается", "en", "script:cyrillic"),
        ("Loan helpline number [PHONE]: call now, toll free", None, "noise:spam"),
        ("Automatic reply: Your question", None, "noise:automatic"),
        ("Hi Ann, thank you for reaching out! We are sorry to hear about this.", "en", "noise:agent"),
        ("> The app crashes\n> every day", "en", "quoted"),
        ("Best regards,\nAnn Smith", "en", "quoted"),
    ],
)
def test_unscored_says_why(text: str, language: str | None, reason: str) -> None:
    row = _one(text, language=language)
    assert row["unscored_reason"] == reason
    assert row["model_version"] == load_scorer().version
    assert row["mentions"] == []
    assert row["sentiment"] is None


@pytest.mark.parametrize("text", ["ok", "nice app", "👍👍", "Doesn't work", "love it", "THIS APP IS GREAT"])
def test_short_english_is_scored(text: str) -> None:
    assert _one(text, language=None)["unscored_reason"] is None


def test_noise_has_no_score_whatever_its_stars() -> None:
    row = _one("Follow me @ann_example", rating=1.0)
    assert (row["unscored_reason"], row["sentiment"], row["text_sentiment"], row["mentions"]) == (
        *("noise:spam", None, None),
        [],
    )


def test_a_rated_text_of_quotations_only_counts_by_its_stars() -> None:
    row = _one("> It crashes", rating=1.0)
    assert (row["unscored_reason"], row["sentiment_label"], row["text_sentiment"]) == (None, "positive", None)


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, 3 May 2021 at 10:12, Ann <[EMAIL]> wrote:\n> It crashes and I hate it",
        "-----Original Message-----\nIt crashes and I hate it",
        "-- \nThe Terrible Crash Company",
        "Agent: I am sorry it crashes\nCustomer: Thanks",
        "Dear Ann,\nthank you for reaching out! We are sorry to hear that it crashes.",
    ],
)
def test_what_others_wrote_below_gives_no_mention_of_a_crash(below: str) -> None:
    text = f"I love the new design.\n\n{below}"
    row = _one(text)
    assert row["text_sentiment"] > 0.5
    assert row["friction_p"] < 0.3
    assert not any("crash" in text[mention["start"] : mention["end"]].lower() for mention in row["mentions"])


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("The app is ter\u200brible and cra\u00adshes", "The app is terrible and crashes"),
        ("\u202eThe app is terrible\u202c", "The app is terrible"),
        ("The app is\u2060 ter\ufeffrible", "The app is terrible"),
        ("It doesn&#39;t work &amp;amp; I&nbsp;hate it", "It doesn't work & I hate it"),
        ("It is slow.<br/><b>Ugly</b> too", "It is slow.\nUgly too"),
        ("ｔｅｒｒｉｂｌｅ 𝐚𝐩𝐩", "terrible app"),
    ],
)
def test_what_nobody_sees_changes_no_score(disguised: str, plain: str) -> None:
    row, expected = _one(disguised), _one(plain)
    for found, wanted in zip(row["mentions"], expected["mentions"], strict=True):
        assert read(disguised[found["start"] : found["end"]]).text == plain[wanted["start"] : wanted["end"]]
        assert {**found, "start": 0, "end": 0} == {**wanted, "start": 0, "end": 0}
    assert {**row, "mentions": []} == {**expected, "mentions": []}


def test_words_in_a_script_the_model_cannot_read_are_no_mention() -> None:
    text = "I love the design. Приложение ужасно и не работает. The checkout is broken."
    said = [text[mention["start"] : mention["end"]] for mention in _one(text)["mentions"]]
    assert said == ["I love the design.", "The checkout is broken."]


def test_a_deleted_event_is_unscored() -> None:
    [row] = load_scorer().score([""], [-1.0], [None], [True]).to_pylist()
    assert (row["unscored_reason"], row["sentiment"]) == ("deleted", None)


ODD = [
    "", "x", "?", "\u200b", "\u202e abc", "a" * 1_000_000, "😍" * 10_000, "!" * 50_000, "(" * 50_000, "a\u200b" *
    9_000, "http://" * 5_000, "&amp;<br>&nbsp;<div", "\x00\x01", "Привет hello 你好 مرحبا", "\n" * 9_000, "1 " *
    20_000, "but " * 9_000, "although, " * 3_000, "e\u0301" * 500, "\ufeff\ufffd", "@ # $", "> " * 9_000, ">\n" *
    9_000, " " * 30_000, "<a " * 9_000, "&" + "amp;" * 5_000, "On 1:22 wrote: " * 1_500, "Thanks\n" * 3_000,
    "From: a\nTo: b\n" * 2_000, "--\n" * 7_000, "я " * 20_000, "Agent: a\nMe: b\n" * 1_500, "\U000e0041" * 9_000,
    "call now toll free " * 1_500, "-" * 30_000, "# " * 15_000, "1-" * 15_000, "&lt;" * 6_000, "u\u0308" * 15_000,
]  # fmt: skip


@pytest.mark.parametrize("language", [None, "en"])
def test_odd_input_is_scored_or_says_why(language: str | None) -> None:
    scores = load_scorer().score(ODD, languages=[language] * len(ODD))
    scores.validate(full=True)
    for text, row in zip(ODD, scores.to_pylist(), strict=True):
        assert (row["sentiment_label"] in SENTIMENTS) == (row["unscored_reason"] is None)
        assert all(mention["end"] <= min(len(text), MAX_SCORED_CHARACTERS) for mention in row["mentions"])


STRANGE = st.sampled_from(
    (
        *(
            "It crashes. ",
            "love it ",
            "but ",
            "\n",
            "> ",
            "-- \n",
            "<br>",
            "&nbsp;",
            "&#39;",
            "\u200b",
            "\u202e",
            "\ufeff",
        ),
        *("👍", "плохо ", "悪い ", "e\u0301", "[PHONE] ", "call now ", "On 3 May 2021, Ann wrote:\n", "\x00"),
        "Best regards,\nAnn\n",
    )
)


@settings(max_examples=60)
@given(st.lists(STRANGE, max_size=25).map("".join) | st.text(max_size=60), st.sampled_from([None, -1.0, 0.3]))
def test_any_text_is_scored_or_says_why(text: str, rating: float | None) -> None:
    scores = load_scorer().score([text], [rating], ["en"])
    scores.validate(full=True)
    [row] = scores.to_pylist()
    assert (row["sentiment_label"] in SENTIMENTS) == (row["unscored_reason"] is None)
    ends = 0
    for mention in row["mentions"]:
        assert ends <= mention["start"] < mention["end"] <= len(text)
        ends = mention["end"]


def test_scores_do_not_depend_on_company_or_order() -> None:
    texts = [
        *(
            "The tabs are ugly. I hate it",
            "ok",
            "",
            "I can't log in but the rest is fine; thanks",
            "Great app!!! 😍",
        ),
        *(f"Page {n} does not load, but number {n % 7} works. Please fix" for n in range(300)),
    ]
    scorer = load_scorer()
    together = scorer.score(texts).to_pylist()
    assert [scorer.score([text]).to_pylist()[0] for text in texts] == together
    assert scorer.score(texts[::-1]).to_pylist()[::-1] == together
    assert [
        row for n in range(0, len(texts), 37) for row in scorer.score(texts[n : n + 37]).to_pylist()
    ] == together


def test_forgetting_words_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["The floobargs are ugly but I like the zorgle", "It crashes", "Thanks"] * 200
    scorer = load_scorer()
    remembered = scorer.score(texts)
    monkeypatch.setattr("models.scorer._WORDS_KEPT", 0)
    assert scorer.score(texts) == remembered
    assert scorer.score(texts) == remembered


def test_no_texts_are_no_rows() -> None:
    scores = load_scorer().score([])
    assert (scores.num_rows, scores.schema) == (0, SCORES)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a model"):
        load_scorer(str(tmp_path))


def test_the_model_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 8_000_000
