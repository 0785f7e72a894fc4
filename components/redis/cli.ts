/**
 * Shell functions to ask Redis and its Sentinel on a machine: `redis` as the user who may do everything,
 * `watcher` for the Sentinel, and `sentinel` for its commands of that name. No password gets into the list of processes. A machine from before there were users has "default" for all.
 */
export const REDIS = `
cd /etc/redis
value() { sed -n "s/^$1 //p" $2 | head -n 1 | tr -d '"'; }
ask() { file=$1; shift; redis-cli --tls --cacert "$(value tls-ca-cert-file $file)" -p "$(value tls-port $file)" "$@"; }
export REDISCLI_AUTH
redis() {
  if [ -e admin ]; then REDISCLI_AUTH=$(cat admin); ask site.conf --user admin "$@"
  else REDISCLI_AUTH=$(value requirepass site.conf); ask site.conf "$@"; fi
}
watcher() { REDISCLI_AUTH=$(value requirepass sentinel.conf); ask sentinel.conf "$@"; }
sentinel() { watcher sentinel "$@"; }
set=$(sed -n 's/^sentinel monitor \\(\\S*\\).*/\\1/p' sentinel.conf)
`;
