#!/usr/bin/env bash
# A team's prompts and two services that use them, with the real git: who pins what, who gets which change, and when.
# It works in a new folder, which it names at the end. docs/tutorial-team.md explains each step.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@acme.example GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@acme.example
unset CI
python=${PYTHON:-python}
step() { printf '\n== %s\n' "$1"; }
cp -r "$here/desk" "$here/mail" "$work"
cd "$work"

step "A repo of prompts, and its first release"
promptkit repo init prompts
(cd prompts && git init -q -b main && git add . && git commit -q -m "First prompt")
(cd prompts && promptkit release && promptkit alias set production support/triage@0.1.0 --commit)

step "Two services declare it, and lock what they use"
touch desk/promptkit.toml mail/promptkit.toml
(cd desk && promptkit repo add team "$work/prompts" --rev main && promptkit lock add team/support/triage@^0.1)
(cd mail && promptkit repo add team "$work/prompts" --rev main && promptkit lock add team/support/triage@production)
(cd desk && "$python" app.py "I was charged twice.")
(cd mail && "$python" app.py "I was charged twice.")

step "A change that could break them is refused"
sed -i.old 's/platform | security/platform | security | sales/' prompts/support/triage.yaml && rm prompts/support/*.old
(cd prompts && promptkit diff support/triage.yaml)
(cd prompts && promptkit repo check --against HEAD) && exit 1

step "Under a new version it may be released"
(cd prompts && promptkit bump support/triage.yaml && git commit -q -a -m "Tickets for sales" && promptkit release)

step "Nobody gets the new prompt yet: one pins ^0.1, one follows the alias"
(cd desk && promptkit lock update && "$python" app.py "I was charged twice.")
(cd mail && promptkit lock update && "$python" app.py "I was charged twice.")

step "The alias moves, and who follows it moves on the next update"
(cd prompts && promptkit alias set production support/triage@0.2.0 --commit)
(cd mail && promptkit lock update && "$python" app.py "I was charged twice.")
(cd desk && promptkit lock verify)
(cd mail && promptkit lock verify && promptkit lock --frozen)

step "What is locked needs the repo no more"
mv prompts prompts.away
(cd desk && "$python" app.py "I was charged twice.")
printf '\nall of it is in %s\n' "$work"
