#!/usr/bin/env bash
# Runs one of the project's TypeScript entry points, after installing the npm packages when needed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "Node 20.19 or newer is needed; this is $(node --version 2>&1 || true)" >&2
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
exec node --import tsx "$@"
