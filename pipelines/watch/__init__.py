"""Watch: from the tables to alerts, hour by hour.

In the order the data flows:

- `days`: what a day of the tables comes from, and the tables of some days alone
- `closing`: which hours are over
- `evidence`: the closed hours as counts of people
- `course`: the detector and the lifecycle, hour after hour
- `checkpoint`: where the course stood, kept in the table `watch_state`
- `ledger`: what was told, in the table `alerts`, and what is to be told
- `watcher`: one look at the tables, from the first to the last of these
- `service`: a look every few seconds, until stopped
"""
