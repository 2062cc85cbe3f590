//! A world file: what there is before a runbook, who uses it, and what must hold afterwards. `check` judges it.

use super::account::{BalancerBefore, DatabaseBefore, InstanceBefore, RecordBefore, RuleBefore};
use super::fault::FaultBefore;
use super::holds::Holds;
use super::users::UsersBefore;
use super::world_file::WorldFile;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What there is before a runbook, and what must hold after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Another world, of which this one has all that it does not say itself: a name of those that come with the tool, or a file
    /// beside this one.
    #[serde(default)]
    pub like: Option<String>,
    /// The account's region; us-east-1 without it.
    #[serde(default)]
    pub region: Option<String>,
    /// The name of the key pair that the hosts were launched with.
    #[serde(default)]
    pub key: Option<String>,
    /// The hosts, by the names under which ssh knows them.
    pub hosts: BTreeMap<String, WorldHost>,
    /// Debian packages that the hosts have besides the base system.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Security groups by name, each with whom it lets in.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<RuleBefore>>,
    /// DB instances by their identifiers.
    #[serde(default)]
    pub databases: BTreeMap<String, DatabaseBefore>,
    /// Application Load Balancers before the hosts, by name.
    #[serde(default)]
    pub balancers: BTreeMap<String, BalancerBefore>,
    /// WorldNames for which ACM has an issued certificate.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Public hosted zones by name, with their record sets.
    #[serde(default)]
    pub zones: BTreeMap<String, Vec<RecordBefore>>,
    /// Buckets of S3, open to the hosts.
    #[serde(default)]
    pub buckets: Vec<String>,
    /// WorldNames of values that the lab makes up.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Commands for `sh -eu` in the operator's home, once, e.g. to make files that the runbook brings to hosts.
    #[serde(default)]
    pub operator: Vec<String>,
    /// Variables of the operator's shell.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The runbook's inputs.
    #[serde(default)]
    pub inputs: BTreeMap<String, Value>,
    /// The site that a visitor asks for all the time.
    #[serde(default)]
    pub site: Option<SiteBefore>,
    /// What must hold after the run.
    #[serde(default)]
    pub after: Vec<Holds>,
    /// What must hold after the run and after a rollback.
    #[serde(default)]
    pub always: Vec<Holds>,
    /// What can be made to go wrong, by name.
    #[serde(default)]
    pub faults: BTreeMap<String, FaultBefore>,
}

/// One host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldHost {
    /// What it is as an instance.
    #[serde(default)]
    pub instance: InstanceBefore,
    /// WorldNames for which certbot has a certificate on it.
    #[serde(default)]
    pub certbot: Vec<String>,
    /// A Nextcloud on it.
    #[serde(default)]
    pub nextcloud: Option<NextcloudBefore>,
    /// Files by their paths.
    #[serde(default)]
    pub files: BTreeMap<String, WorldFile>,
    /// Units of systemd by their names (`shop.service`), with their texts.
    #[serde(default)]
    pub units: BTreeMap<String, String>,
    /// Commands for `sh -eu` as root, once, in this order, when all files are there.
    #[serde(default)]
    pub run: Vec<String>,
    /// Paths that must be as they were after a rollback to the start; without it the directories of its files, and where what is changed
    /// on a host is as a rule.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Commands for `sh -eu` as root that must print the same after a rollback to the start.
    #[serde(default)]
    pub same: Vec<String>,
}

/// A Nextcloud on a host: a stand-in that answers as Nextcloud's server does, or a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextcloudBefore {
    /// The name it is asked for by.
    pub name: String,
    /// Where it is installed; its config.php is `config/config.php` there.
    pub root: String,
    /// Its user.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// Where its database is.
    pub database: NextcloudDatabase,
    /// The bucket of its users' files.
    pub bucket: String,
}

/// The database of a Nextcloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextcloudDatabase {
    /// The server's name.
    pub host: String,
    /// The database.
    pub name: String,
    /// Its user.
    pub user: String,
    /// That user's password.
    pub password: String,
}

/// A site that a visitor asks for all the time, as its users reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteBefore {
    /// An address of it that answers 2xx without a login; it does before anything is rehearsed.
    pub url: String,
    /// Whether each answer must be good, for the whole of a run.
    #[serde(default)]
    pub never_down: bool,
    /// Who uses it meanwhile, where it is a Nextcloud.
    #[serde(default)]
    pub users: Option<UsersBefore>,
}

impl World {
    /// The account's region.
    #[must_use]
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("us-east-1")
    }

    /// The account, as the emulator's seed takes it.
    #[must_use]
    pub fn account(&self) -> Value {
        let hosts: BTreeMap<&String, &InstanceBefore> =
            self.hosts.iter().map(|(name, host)| (name, &host.instance)).collect();
        json!({
            "region": self.region(),
            "key": self.key.as_deref().unwrap_or("operator"),
            "buckets": self.buckets,
            "groups": self.groups,
            "hosts": hosts,
            "databases": self.databases,
            "certificates": self.certificates,
            "balancers": self.balancers,
            "zones": self.zones,
        })
    }

    /// The security groups, with the lab's own where a host or database names none.
    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        let hosts = self.hosts.values().any(|host| host.instance.groups.is_empty()).then_some("hosts");
        let databases = self.databases.values().any(|it| it.groups.is_empty()).then_some("databases");
        self.groups.keys().map(String::as_str).chain(hosts).chain(databases)
    }

    /// The hosts with a Nextcloud.
    pub fn nextclouds(&self) -> impl Iterator<Item = (&String, &NextcloudBefore)> {
        self.hosts.iter().filter_map(|(name, host)| Some((name, host.nextcloud.as_ref()?)))
    }
}

impl NextcloudBefore {
    /// The same with all its texts filled.
    pub(super) fn filled(&self, fill: &dyn Fn(&str) -> String) -> Self {
        let database = &self.database;
        Self {
            name: fill(&self.name),
            root: self.root.clone(),
            user: fill(&self.user),
            password: fill(&self.password),
            database: NextcloudDatabase {
                host: fill(&database.host),
                name: fill(&database.name),
                user: fill(&database.user),
                password: fill(&database.password),
            },
            bucket: fill(&self.bucket),
        }
    }
}

/// Where accounts, services and settings are, and what is installed by hand.
const ALWAYS: [&str; 5] = ["/etc", "/opt", "/srv", "/usr/local", "/var/spool/cron"];

impl WorldHost {
    /// What must be as it was after a rollback to the start.
    #[must_use]
    pub fn watched(&self) -> Vec<String> {
        if !self.watch.is_empty() {
            return self.watch.clone();
        }
        let folder = |path: &String| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut folders: Vec<String> = self.files.keys().filter_map(folder).filter(|it| !it.is_empty()).collect();
        folders.extend(ALWAYS.map(str::to_owned));
        folders.sort();
        folders.dedup();
        folders
    }
}
