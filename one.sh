# subject workload [n]
for i in $(seq ${3:-1}); do timeout 200 deno run -A --node-modules-dir=manual --v8-flags=--expose-gc,--min-semi-space-size=32,--max-semi-space-size=64 bench/child.ts $1 $2 1 /tmp/w/lead/x-$1-$2-$i-$RANDOM 2>&1 >/dev/null | grep -E "engine|rror" ; done
