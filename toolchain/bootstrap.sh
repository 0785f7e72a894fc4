#!/usr/bin/env bash
# Runs one of the project's TypeScript entry points, after installing the npm packages when needed.
. "$(dirname "$0")/environment.sh"
exec node --import tsx "$@"
