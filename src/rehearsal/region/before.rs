//! The before-state: what there is before a cutover, as one value. The emulator's account is seeded from it, the web
//! server's disk and the database are made from it, and the verdict is held against it.
//!
//! Which before-state a runbook needs is said beside its judge (`flagship/before.yaml`); here is only its shape. Not
//! described by it: more than one web server, and sites that are no Nextcloud.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What there is before a cutover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeState {
    /// What the account has.
    pub account: AccountBefore,
    /// What the web server has.
    pub site: SiteBefore,
}

/// The account; the names are those of the emulator's seed, which says what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountBefore {
    /// The account's region.
    pub region: String,
    /// The site's name.
    pub fqdn: String,
    /// The hosted zone's name.
    pub zone: String,
    /// The TTL of the site's record, in seconds.
    pub ttl: u32,
    /// The web server's Name tag.
    pub name: String,
    /// The web server's Owner tag.
    pub owner: String,
    /// The web server's type.
    pub instance_type: String,
    /// The size of its root volume, in GiB.
    pub root_gib: u32,
    /// The key pair's name.
    pub key_name: String,
    /// The DB instance's identifier.
    pub db: String,
    /// The DB instance's class.
    pub db_class: String,
    /// The DB instance's engine. What runs is MariaDB, whatever stands here.
    pub db_engine: String,
    /// The engine's version.
    pub db_engine_version: String,
    /// The bucket of the users' files.
    pub bucket: String,
    /// Further servers with nothing on them but the base system, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Balancers before some of these, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balancers: BTreeMap<String, BalancerBefore>,
}

/// An internet-facing balancer that listens on port 80 and forwards to hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerBefore {
    /// The hosts behind it.
    pub hosts: Vec<String>,
    /// `HTTP` or `HTTPS`: what they are spoken to by.
    #[serde(default)]
    pub protocol: TargetProtocol,
    /// Their port.
    pub port: u16,
    /// The path by which they are checked; it must answer 200.
    pub health: String,
}

/// What targets are spoken to by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TargetProtocol {
    /// In the clear.
    #[default]
    Http,
    /// By TLS.
    Https,
}

/// The site on the web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteBefore {
    /// Where it is installed.
    pub root: String,
    /// Its file in nginx's configuration.
    pub nginx_file: String,
    /// Its config.php.
    pub config_file: String,
    /// The cron file of its background jobs.
    pub cron_file: String,
    /// That file's name while the jobs must not start.
    pub hidden_cron_file: String,
    /// The timer that renews the server's own certificate.
    pub renewal_timer: String,
    /// The user the checks log in as.
    pub user: String,
    /// Its place in the database server.
    pub database: DatabaseBefore,
}

/// What the site has in the database server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseBefore {
    /// The database.
    pub name: String,
    /// The user the site logs in as.
    pub user: String,
    /// From where that user may log in: MariaDB's host patterns, e.g. `10.77.1.%`. A server elsewhere is refused.
    pub from: Vec<String>,
}

impl DatabaseBefore {
    /// The statements that make it, one a line, as `init_file` wants them; said again, they change nothing.
    pub(in crate::rehearsal) fn statements(&self, password: &str) -> String {
        let (name, user) = (identifier(&self.name), text(&self.user));
        let mut sql =
            format!("CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;\n");
        for from in &self.from {
            let who = format!("{user}@{}", text(from));
            sql.push_str(&format!("CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {};\n", text(password)));
            sql.push_str(&format!("GRANT ALL PRIVILEGES ON {name}.* TO {who};\n"));
        }
        sql
    }
}

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_cannot_end_a_statement() {
        let before = DatabaseBefore {
            name: "a`b".into(),
            user: "o'brien".into(),
            from: vec!["10.%".into(), "localhost".into()],
        };
        assert_eq!(
            before.statements("x\\'y"),
            "CREATE DATABASE IF NOT EXISTS `a``b` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;\n\
             CREATE USER IF NOT EXISTS 'o''brien'@'10.%' IDENTIFIED BY 'x\\\\''y';\n\
             GRANT ALL PRIVILEGES ON `a``b`.* TO 'o''brien'@'10.%';\n\
             CREATE USER IF NOT EXISTS 'o''brien'@'localhost' IDENTIFIED BY 'x\\\\''y';\n\
             GRANT ALL PRIVILEGES ON `a``b`.* TO 'o''brien'@'localhost';\n"
        );
    }
}
