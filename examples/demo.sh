#!/usr/bin/env bash
# The main job on a simulation: feedback in, friction over time out. Everything it makes is below ./demo.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf demo
mkdir demo
export TRIBOMETER_AUTHOR_KEY_FILE=$PWD/demo/author.key
export TRIBOMETER_TABLES=demo/tables

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "1. A simulated product: 20,000 messages about Parcelbird, with duplicates, edits, personal data and garbage"
run tribometer simulate --out demo/in

say "2. Through the pipeline: decode, redact, score, commit (three sources, each with its own mapping)"
run tribometer replay demo/in/support_tickets.jsonl --source feedback_event
run tribometer replay demo/in/app_reviews.csv --source demo/in/app_reviews.yaml
run tribometer replay demo/in/nps_answers.jsonl --source demo/in/nps_answers.yaml
run tribometer launches import demo/in/launches.csv

say "3. What hurt?"
run tribometer report Parcelbird --output demo/parcelbird.html

say "Where to look next (export TRIBOMETER_TABLES=demo/tables, and put .venv/bin on your PATH)"
cat <<'NEXT'
  open demo/parcelbird.html                     the same with charts and quotes, in a browser
  tribometer sql                                ask in SQL; .views lists what there is
  tribometer sql "SELECT touchpoint, sum(friction_authors) AS people FROM friction_daily GROUP BY ALL ORDER BY people DESC"
  echo '{"text": "Love the design, but checkout is broken"}' | tribometer score
NEXT
