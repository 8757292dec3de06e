"""Five other languages: scored by their own pipeline, routed by language, always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy

from models import MULTILINGUAL, SHIPPED
from models.data import LabelledSets
from models.language_sets import JUDGED, TRAINING, training_rows
from models.multilingual import LANGUAGES
from models.own_words import MAX_SCORED_CHARACTERS
from models.scorer import Scorer, load_scorer
from models.scores import SENTIMENTS
from models.tokens import word_hashes


def _one(text: str, language: str | None, rating: float | None = None) -> dict[str, Any]:
    [row] = load_scorer().score([text], [rating], [language]).to_pylist()
    assert isinstance(row, dict)
    return row


@pytest.mark.parametrize(
    ("language", "text", "sentiment"),
    [
        ("de", "Die App ist wirklich super, ich bin begeistert", "positive"),
        ("de", "Katastrophe, seit dem Update stürzt alles ab", "negative"),
        ("de", "Das gefällt mir überhaupt nicht, sehr enttäuschend", "negative"),
        ("es", "Me encanta esta aplicación, es excelente", "positive"),
        ("es", "Pésimo servicio, una vergüenza", "negative"),
        ("es", "No funciona desde la última actualización, qué asco", "negative"),
        ("fr", "J'adore cette application, elle est géniale", "positive"),
        ("fr", "C'est nul, l'appli ne marche plus du tout", "negative"),
        ("fr", "Très déçue, le service est déplorable", "negative"),
        ("it", "Bellissima applicazione, ottimo servizio", "positive"),
        ("it", "Pessima esperienza, non funziona niente", "negative"),
        ("pt", "Adorei o aplicativo, é maravilhoso", "positive"),
        ("pt-BR", "Péssimo, não funciona, que vergonha", "negative"),
    ],
)
def test_clear_sentences(language: str, text: str, sentiment: str) -> None:
    assert _one(text, language)["sentiment_label"] == sentiment


@pytest.mark.parametrize(
    ("language", "better", "worse"),
    [
        ("de", "Das ist gut", "Das ist nicht gut"),
        ("de", "Das gefällt mir", "Das gefällt mir nicht"),
        ("es", "Es bueno", "No es bueno"),
        ("fr", "J'aime cette application", "Je n'aime pas cette application"),
        ("fr", "C'est bon", "Ce n'est pas bon"),
        ("it", "Mi piace", "Non mi piace"),
        ("pt", "É bom", "Não é bom"),
    ],
)
def test_negation_before_and_after(language: str, better: str, worse: str) -> None:
    assert _one(better, language)["sentiment"] > _one(worse, language)["sentiment"]


@pytest.mark.parametrize(
    ("language", "text", "second"),
    [
        ("de", "Das Design ist wunderschön, aber die App stürzt ständig ab", "aber die App stürzt ständig ab"),
        ("es", "El diseño es precioso, pero la aplicación no funciona", "pero la aplicación no funciona"),
        ("fr", "Le design est superbe, mais l'appli ne marche plus", "mais l'appli ne marche plus"),
        ("it", "La grafica è bellissima, ma non si apre più", "ma non si apre più"),
        ("pt", "O design é lindo, mas o aplicativo não abre", "mas o aplicativo não abre"),
    ],
)
def test_a_contrast_is_two_mentions(language: str, text: str, second: str) -> None:
    good, bad = _one(text, language)["mentions"]
    assert text[bad["start"] : bad["end"]] == second
    assert good["sentiment"] > bad["sentiment"]
    assert good["friction_p"] < 0.5 < bad["friction_p"]
    assert (good["touchpoint"], bad["touchpoint"]) == ("usability", "reliability")


def test_words_of_one_language_are_not_those_of_another() -> None:
    """ "mais" is "but" in French and "more" in Portuguese; "ma" is "but" in Italian and "my" in French."""
    assert len(_one("Je trouve ça bien mais trop cher ici", "fr")["mentions"]) == 2
    assert len(_one("Eu acho isso bem mais caro que aqui", "pt")["mentions"]) == 1
    assert len(_one("Mi piace tanto ma costa troppo", "it")["mentions"]) == 2
    assert len(_one("Je donne toujours ma note ici", "fr")["mentions"]) == 1


def test_words_that_are_codes_of_languages_stay_apart() -> None:
    words = [("es", "de"), ("de", "es"), ("de", "de"), ("es", "es"), ("it", "fr"), ("fr", "it"), ("pt", "pt")]
    hashes = [int(word_hashes([word], language)[0]) for language, word in words]
    assert len({0, *hashes}) == len(words) + 1


def test_scores_do_not_depend_on_what_was_scored_before() -> None:
    scorer = Scorer(spacy.load(SHIPPED))
    before = scorer.score(["Es geht es mir gut"], languages=["de"])
    scorer.score(["El servicio de siempre", "Il it fr de pt es", "de it fr"], languages=["es", "fr", "pt"])
    assert scorer.score(["Es geht es mir gut"], languages=["de"]) == before


@pytest.mark.parametrize(
    ("language", "text", "intent"),
    [
        ("de", "Wie kann ich das Passwort ändern?", "question"),
        ("de", "Habe die App deinstalliert", "churn_risk"),
        ("es", "Sería genial poder filtrar los resultados", "feature_request"),
        ("fr", "Je recommande vivement", "recommend"),
        ("it", "Si blocca con un messaggio di errore", "bug"),
        ("pt", "Vou desinstalar esse aplicativo", "churn_risk"),
    ],
)
def test_intents(language: str, text: str, intent: str) -> None:
    assert intent in _one(text, language)["intents"]


@pytest.mark.parametrize(
    ("language", "text", "effort"),
    [
        ("de", "Sehr umständlich", -3),
        ("es", "Es muy fácil", 4),
        ("fr", "C'est compliqué", -3),
        ("pt", "Bonito", None),
    ],
)
def test_effort(language: str, text: str, effort: int | None) -> None:
    assert _one(text, language)["effort"] == effort


@pytest.mark.parametrize(
    ("language", "trouble", "none"),
    [
        ("de", "Es gibt ständig Probleme", "Es gibt kein Problem"),
        ("es", "Siempre hay problemas", "No hay ningún problema"),
        ("fr", "Il y a toujours un problème", "Aucun problème"),
        ("it", "C'è sempre un problema", "Nessun problema"),
        ("pt", "Sempre tem problema", "Não tem nenhum problema"),
    ],
)
def test_a_problem_denied_is_no_friction(language: str, trouble: str, none: str) -> None:
    assert _one(none, language)["friction_p"] < 0.5 < _one(trouble, language)["friction_p"]


def test_courtesies_are_no_friction() -> None:
    for language, text in (
        ("de", "Vielen Dank!"),
        ("es", "Muchas gracias"),
        ("fr", "Merci d'avance"),
        ("it", "Grazie"),
    ):
        assert _one(text, language)["friction_p"] < 0.1


def test_stars_anchor_the_event() -> None:
    assert _one("ok", "de", rating=-1.0)["sentiment_label"] == "negative"


MIXED = [
    ("The tabs are ugly. I hate it", None),
    ("Die App ist super, aber sie stürzt oft ab", None),
    ("最新のアップデート以降、アプリが起動しません", None),
    ("Non funziona più niente da ieri", None),
    ("", "fr"),
    ("😡😡", "pt"),
    ("Excelente aplicación, la recomiendo mucho", None),
    ("J'adore !!! C'est génial 😍", "fr"),
    ("Great app!!! 😍", None),
    ("Não consigo entrar na minha conta", None),
    ("De app werkt helemaal niet meer sinds gisteren", None),
] * 25


def test_rows_keep_their_order_and_their_scores_in_any_company() -> None:
    texts, tags = [text for text, _ in MIXED], [tag for _, tag in MIXED]
    scorer = load_scorer()
    together = scorer.score(texts, languages=tags).to_pylist()
    alone = [scorer.score([text], languages=[tag]).to_pylist()[0] for text, tag in MIXED[:11]]
    assert together == alone * 25
    assert scorer.score(texts[::-1], languages=tags[::-1]).to_pylist()[::-1] == together
    assert [row["language"] for row in alone] == ["en", "de", "ja", "it", "fr", "pt", "es", "fr", "en", "pt", "nl"]
    unscored = ["language:ja", "empty", "language:nl"]
    assert [row["unscored_reason"] for row in alone if row["unscored_reason"]] == unscored


def test_forgetting_words_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Das Zwirbelfax ist toll, aber der Glompf nervt", "Stürzt ab", "Danke"] * 100
    scorer = load_scorer()
    remembered = scorer.score(texts, languages=["de"] * 300)
    monkeypatch.setattr("models.scorer._WORDS_KEPT", 0)
    monkeypatch.setattr("models.spoken._WORDS_KEPT", 0)
    assert scorer.score(texts, languages=["de"] * 300) == remembered


ODD = [
    "", "x", "?", "\u200b", "\u202e abc", "a" * 1_000_000, "😍" * 10_000, "!" * 50_000, "(" * 50_000, "ß" * 9_000,
    "l'" * 9_000, "ı\u0307" * 500, "\x00\x01", "Привет hello 你好", "\n" * 9_000, "1 " * 20_000, "aber " * 9_000,
    "mais " * 9_000, "e\u0301" * 500, "\ufeff\ufffd", "@ # $", "'’'’", "l'", "L’" "É",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_odd_input_is_scored_or_says_why(language: str) -> None:
    scores = load_scorer().score(ODD, languages=[language] * len(ODD))
    scores.validate(full=True)
    for text, row in zip(ODD, scores.to_pylist(), strict=True):
        assert (row["sentiment_label"] in SENTIMENTS) == (row["unscored_reason"] is None)
        assert all(mention["end"] <= min(len(text), MAX_SCORED_CHARACTERS) for mention in row["mentions"])


def test_the_pipeline_works_by_itself_and_tells_the_language() -> None:
    doc = spacy.load(MULTILINGUAL)("Le design est superbe, mais l'appli ne marche plus")
    assert [clause.text for clause in doc._.clauses] == ["Le design est superbe,", "mais l'appli ne marche plus"]
    assert len(doc.user_data["mentions"]) == 2


def test_the_models_are_small() -> None:
    files = [path for folder in (SHIPPED, MULTILINGUAL) for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 15_000_000


@pytest.mark.streams
def test_nothing_is_learned_that_judges(streams: Path) -> None:
    sets = LabelledSets(streams.parent)
    judged = {row.text for each in JUDGED for row in each.rows(sets)}
    learned = training_rows(sets)
    assert all(len(rows) > 1_500 for rows in learned.values())
    assert not judged.intersection(row.text for rows in learned.values() for row in rows)
    uses = {name: sets.uses[("sentiment", name)] for name in TRAINING.values()}
    assert spacy.load(MULTILINGUAL).meta["sources"] == uses == dict.fromkeys(uses, "ship-with-care")
