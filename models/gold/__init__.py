"""The gold set: mentions of the real streams with the labels of docs/labelling.md, by id; their text stays outside.

`start` and `end` are character offsets into `text` of the table `feedback`, and `clause_sha256` (12 hex digits) tells
whether the text there is still the one that was labelled. `drawn` is `random` where each mention of its stream was as
likely, and `touchpoint` where rare touchpoints were looked for: rates come from the random ones only.
There is one mention an event.
"""
