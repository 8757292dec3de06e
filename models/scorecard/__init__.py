"""The scorecard: how good a model is, measured again by `tribometer evaluate`.

One section a file. A section takes a loaded scorer (and labelled data, where it needs some) and gives `Table`s;
`card` keeps their figures in models/figures.json and shows them in models/CARD.md. Nothing here is needed to score.
"""
