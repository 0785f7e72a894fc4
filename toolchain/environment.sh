# Sourced by the entry points: the clone's directory, its npm packages, and the variables that set-up wrote.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(node --version 2>&1 || true)
if [[ ! $version =~ ^v([0-9]+)\.([0-9]+)\. ]] ||
  ((BASH_REMATCH[1] < 20 || (BASH_REMATCH[1] == 20 && BASH_REMATCH[2] < 19))); then
  echo "Node 20.19 or newer is needed; this is $version" >&2
  exit 1
fi

stamp=node_modules/.hpc-ha-lock
if ! cmp -s package-lock.json "$stamp"; then
  # Without a stamp but newer than the lock file: somebody has just typed `npm ci`.
  if [ -e "$stamp" ] || [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    echo "Installing npm packages …" >&2
    npm ci --no-audit --no-fund --loglevel=error >&2
  fi
  cp package-lock.json "$stamp"
fi

env="${HPC_HA_HOME:-$HOME/.hpc-ha}/env.sh"
# shellcheck disable=SC1090
if [ -f "$env" ]; then . "$env"; fi
