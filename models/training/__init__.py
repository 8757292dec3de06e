"""Trains the shipped model from labelled sets: `tribometer train --data DIR --out FOLDER`.

In data-flow order: `recipe` (what weighs how much), `corpus` (which rows, with which labels), `matrix` (texts as
hashed features), `fit` (one linear model a head), `cues` (what is not learned), `build` (all of it, as a spaCy
pipeline). `kept` lets a training that was interrupted go on where it was. Deterministic: the same data gives the
same model.
"""
