"""How much labels of a user's own are worth: `python -m models.learning_curve --data DIR`. Not part of the wheel.

`airline.yaml` and `firefox.yaml` are the own touchpoints of two users, and examples of such files. Their seeds were
written from the names of the topics alone.
"""
