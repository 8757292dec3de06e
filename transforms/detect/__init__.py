"""Detect: hourly counts of evidence in, scores and alarms out; pure functions of state and hour, no Beam, no clock.

In the order the data flows:

- `evidence`: items to counts of people, so that neither one loud author nor a pasted text is a crowd
- `floods`: notes of what was left out because it came from few
- `layout`: which series there are, and how they hang together
- `clock`, `launches`: what is known of an hour beforehand
- `baseline`: what is expected of each hour
- `control`: how busy a product is just now, from what is no friction
- `silence`: sources that deliver nothing
- `cusum`: evidence of more than that, accumulated
- `calibration`: how rarely so much evidence comes about by chance
- `guards`: the least an alarm must rest on
- `multiplicity`: which of all series may be called an alarm
- `detector`: one hour through all of these
- `lifecycle`: alarms to episodes with a beginning and an end
- `closing`: an hour's items through all of these, as `transforms.spikes` does with a stream

Beside them `surge` says every five minutes how unusually much is said just now.
"""
