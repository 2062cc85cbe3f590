//! What two nodes of a Nextcloud must share, or together need: sessions, caches and locks, connections of the database.
//!
//! Facts: `memcache.locking` and `memcache.distributed` name the classes, `redis`, `redis.cluster` and `memcached_servers` where
//! they are (config/config.sample.php of Nextcloud); APCu is the memory of one php. `session.save_path` of the handlers
//! `redis` and `memcached` is a list of servers, and may hold a password after `?` or before `@` (phpredis, "PHP Session
//! handler"). `pm.max_children` bounds a pool of php-fpm, whatever its `pm` is (php.net, "FPM configuration"); each child
//! may hold a connection.

use super::Seen;
use serde::Deserialize;
use std::net::IpAddr;

/// What php's own configuration says, one line each: `handler NAME`, `path PLACE` (without what may be a password), `children
/// N` (of the php with the most).
pub(super) const SETTINGS: &str = r#"
find /etc/php* -type f \( -name '*.ini' -o -name '*.conf' \) ! -path '*/cli/*' -exec sed -nE \
  -e 's/^[[:space:]]*(php_(admin_)?value\[)?session\.save_handler\]?[[:space:]]*=[[:space:]]*"?([A-Za-z_]+).*/handler \3/p' \
  -e 's/^[[:space:]]*(php_(admin_)?value\[)?session\.save_path\]?[[:space:]]*=[[:space:]]*"?([^"]*).*/path \3/p' {} + 2>/dev/null |
  sed -E '/^path /{s/\?.*//;s#//.*@#//#}' | sort -u || true
most=0
for pools in /etc/php/*/fpm/pool.d /etc/php-fpm.d; do
  sum=0
  for n in $(sed -nE 's/^[[:space:]]*pm\.max_children[[:space:]]*=[[:space:]]*([0-9]+).*/\1/p' "$pools"/*.conf 2>/dev/null || true); do
    sum=$((sum + n))
  done
  [ "$sum" -le "$most" ] || most=$sum
done
echo "children $most"
"#;

/// php's settings, as far as they count here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NextcloudSettings {
    handlers: Vec<String>,
    paths: Vec<String>,
    /// The most processes that php-fpm may have.
    pub(super) children: Option<u32>,
}

impl NextcloudSettings {
    pub(super) fn parse(told: &str) -> Self {
        let mut it = Self::default();
        for (kind, value) in told.lines().filter_map(|line| line.split_once(' ')) {
            match kind {
                "handler" => it.handlers.push(value.to_owned()),
                "path" => it.paths.push(value.trim().to_owned()),
                "children" => it.children = value.parse().ok().filter(|n| *n > 0),
                _ => {}
            }
        }
        it
    }
}

/// A cache that all nodes should share.
#[derive(Debug, Deserialize)]
pub(super) struct MemoryCache {
    /// The key of config.php, e.g. `memcache.locking`.
    #[serde(rename = "use")]
    key: String,
    class: String,
    /// Where it is; nothing for one in php's own memory.
    places: Option<Vec<Place>>,
}

#[derive(Debug, Deserialize)]
struct Place {
    name: String,
    addresses: Vec<String>,
}

/// Whether an address is this server itself.
fn is_own(address: &str, own: &[String]) -> bool {
    let loopback = address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    loopback || own.iter().any(|it| it == address)
}

impl Place {
    fn is_here(&self, own: &[String]) -> bool {
        self.name == "a socket" || self.name == "localhost" || self.addresses.iter().any(|a| is_own(a, own))
    }
}

/// Locks and distributed cache: one for all nodes, or none.
pub(super) fn caches(caches: &[MemoryCache], own: &[String]) -> Seen {
    const ROW: &str = "caches";
    let mut here = Vec::new();
    for cache in caches {
        match &cache.places {
            None => here.push(format!("`{}` is `{}`, which each php has of its own", cache.key, cache.class)),
            Some(places) => {
                here.extend(places.iter().filter(|place| place.is_here(own)).map(|place| {
                    format!("`{}` is `{}` at `{}`, on this server only", cache.key, cache.class, place.name)
                }));
            }
        }
    }
    if here.is_empty() {
        let told: Vec<String> = caches.iter().map(|cache| format!("`{}` is `{}`", cache.key, cache.class)).collect();
        return Seen::pass(
            ROW,
            match told.is_empty() {
                true => "no cache or lock outside the database".to_owned(),
                false => format!("{}, elsewhere", told.join(", ")),
            },
        );
    }
    Seen::refuse(ROW, here.join("; ")).advise(
        "each server would lock and cache for itself, and changes be lost: put Redis where both reach it (e.g. ElastiCache), \
         or take `memcache.locking` and `memcache.distributed` out of config.php (the database locks then)",
    )
}

/// The name of a session handler's server.
fn server(path: &str) -> &str {
    let first = path.split(',').next().unwrap_or_default();
    let rest = first.split_once("://").map_or(first, |(_, rest)| rest);
    match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None if rest.starts_with('/') => rest,
        None => rest.split([':', '/']).next().unwrap_or_default(),
    }
}

/// Where PHP keeps sessions.
pub(super) fn sessions(php: &NextcloudSettings, own: &[String]) -> Seen {
    const ROW: &str = "sessions";
    let shared = |name: &&String| ["redis", "rediscluster", "memcached", "memcache", "user"].contains(&name.as_str());
    let Some(name) = php.handlers.iter().find(shared) else {
        return Seen::warn(ROW, "PHP keeps sessions in files on each node, not in Redis: a session lives on one node only")
            .advise(
                "keep visitors on one node (`sticky: true` of the target group); when that node stops they log in again, and apps \
                 that drop the balancer's cookie meet the other node's sessions all the time",
            );
    };
    // A folder of files is another handler's path.
    let places = php.paths.iter().filter(|path| !path.starts_with('/') || name == "redis").map(|path| server(path));
    let here = places.clone().find(|place| {
        place.starts_with("/run") || place.starts_with("/var/run") || *place == "localhost" || is_own(place, own)
    });
    match here {
        Some(place) => Seen::warn(ROW, format!("`session.save_handler` is `{name}` at `{place}`, on this server only"))
            .advise(
                "put it where both servers reach it; or keep visitors on one node (`sticky: true` of the target group)",
            ),
        None => Seen::pass(ROW, format!("`session.save_handler` is `{name}`: every node finds the sessions")),
    }
}

/// What two servers may want of the database at once.
pub(super) fn connections(children: Option<u32>, most: Option<u32>) -> Seen {
    const ROW: &str = "connections";
    let (Some(children), Some(most)) = (children, most.filter(|most| *most > 0)) else {
        let told = match children {
            Some(children) => {
                format!("php-fpm may have {children} processes; `max_connections` of the database is not told")
            }
            None => "`pm.max_children` of php-fpm is not found".to_owned(),
        };
        return Seen::not_checkable(ROW, told);
    };
    let both = children.saturating_mul(2);
    let evidence = format!(
        "two servers with {children} processes of php-fpm each may hold {both} connections, the database takes {most}"
    );
    match both <= most {
        true => Seen::pass(ROW, evidence),
        false => Seen::warn(ROW, evidence)
            .advise("lower `pm.max_children`, or raise `max_connections` in the DB instance's parameter group"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
    use serde_json::json;

    fn judged(all: serde_json::Value) -> Seen {
        let all: Vec<MemoryCache> = serde_json::from_value(all).unwrap();
        caches(&all, &["10.0.0.5".to_owned()])
    }

    fn redis(name: &str, addresses: &[&str]) -> serde_json::Value {
        json!([{"use": "memcache.locking", "class": "Redis", "places": [{"name": name, "addresses": addresses}]}])
    }

    #[test]
    fn locks_of_one_server_are_refused() {
        for (name, addresses) in [
            ("a socket", &[][..]),
            ("localhost", &[]),
            ("redis", &["127.0.0.1"]),
            ("::1", &["::1"]),
            ("web-1.example", &["10.0.0.5"]),
        ] {
            let seen = judged(redis(name, addresses));
            assert_eq!(seen.verdict, Refuse, "{name}");
            assert!(seen.evidence.contains("on this server only"), "{seen:?}");
        }
        let apcu = json!([{"use": "memcache.distributed", "class": "APCu", "places": null}]);
        assert_eq!(judged(apcu).verdict, Refuse);
        assert_eq!(judged(json!([])).verdict, Pass);
        assert_eq!(judged(redis("cache.example", &["10.0.0.9"])).verdict, Pass);
        assert_eq!(judged(redis("cache.example", &[])).verdict, Pass);
    }

    #[test]
    fn sessions_on_one_server_are_warned_of() {
        let seen = |told: &str| sessions(&NextcloudSettings::parse(told), &["10.0.0.5".to_owned()]).verdict;
        for told in ["handler files\n", "", "handler files\npath /var/lib/php/sessions\n"] {
            assert_eq!(seen(told), Warn, "{told}");
        }
        assert_eq!(
            seen("handler files\nhandler redis\npath /var/lib/php/sessions\npath tcp://cache.example:6379\n"),
            Pass
        );
        for place in [
            "tcp://127.0.0.1:6379",
            "unix:///run/redis/redis.sock",
            "tcp://10.0.0.5:6379",
            "localhost:11211",
            "tcp://[::1]:6379",
        ] {
            assert_eq!(seen(&format!("handler redis\npath {place}\n")), Warn, "{place}");
        }
    }

    #[test]
    fn two_servers_want_twice_the_connections() {
        assert_eq!(connections(Some(60), Some(100)).verdict, Warn);
        assert_eq!(connections(Some(40), Some(100)).verdict, Pass);
        assert_eq!(connections(Some(40), None).verdict, NotCheckable);
        assert_eq!(connections(None, Some(100)).verdict, NotCheckable);
        assert_eq!(NextcloudSettings::parse("children 0\n").children, None);
    }
}
