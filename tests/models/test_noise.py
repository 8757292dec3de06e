"""Spam, automatic messages and agents' replies are known, and a person with a problem is never one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.noise import KINDS, noise


@pytest.mark.parametrize(
    "text",
    [
        "Printer support number\n\nPrinter helpline: call now [PHONE], toll free, our experts are there day and night",
        "Wallet customer care number +1 (8O8) 555-O1l2 wallet helpline",
        "Loan customer care helpline number\n\nLoan customer care helpline number Loan customer care helpline number",
        "Hire a professional hacker. Contact [EMAIL], our hacking services are fast",
        "FREE coins generator, no survey",
        "Daftar akun slot gacor hari ini",
        "Guys follow me on this new thing",
        "Great app! Follow me @ann_example",
        "Use my referral code ANN123 and we both get 5 dollars",
        "I made $900 a week from home, message me on Telegram",
        "We offer the best web design. Visit our site www.example.com for a free quote",
    ],
)
def test_spam(text: str) -> None:
    assert noise(text) == "spam"


@pytest.mark.parametrize(
    "text",
    [
        "Automatic reply: Your question",
        "I am out of the office until Monday. In urgent cases write to [EMAIL].",
        "Your ticket (#4711) has been closed.",
        "This is an automated message. Please do not reply to this email.",
        "Undelivered Mail Returned to Sender",
    ],
)
def test_automatic(text: str) -> None:
    assert noise(text) == "automatic"


@pytest.mark.parametrize(
    "text",
    [
        "Hi Ann, thank you for reaching out! We are sorry to hear about the trouble. Our team will look into it.",
        "Thank you for contacting Example Support. How may I help you today?",
        "We apologize for the inconvenience, Ann. Please do not hesitate to contact us.",
    ],
)
def test_agent(text: str) -> None:
    assert noise(text) == "agent"


@pytest.mark.parametrize(
    "text",
    [
        "I called the support number [PHONE] three times and nobody answered",
        "A window says call [PHONE] toll free, is this a scam?",
        "Please call me at [PHONE], I cannot log in",
        "No phone number anywhere, the customer care number is hidden",
        "My promo code SAVE20 is not accepted at checkout",
        "It would not let me enter the coupon code",
        "People I don't know can follow me, please stop that",
        "Let my friends follow me without asking",
        "My account was hacked and support does nothing",
        "How do I set an out of office reply?",
        "Please follow me so I can send you a DM",
        "It needs a follow back button",
        "Please call us back at [PHONE], we need another flight",
        "The window says: this is an automated message. It comes every day and I cannot close it",
        "I had to wait on hold for an hour, then you said thank you for contacting us",
        "They said they were sorry for the delay and our team will call. Nobody ever did.",
        "Your ticket system lost my request",
        "Thanks for your help",
        "I love this app, best app ever!!!",
        "You provide the worst service of all companies",
        "Visit www.example.com in your browser: the page stays blank",
        "error 0123 4567 89AB when I start it",
        "",
    ],
)
def test_people_are_no_noise(text: str) -> None:
    assert noise(text) is None


@given(st.text(max_size=300))
def test_any_text_has_a_kind_or_none(text: str) -> None:
    assert noise(text) in (*KINDS, None)
