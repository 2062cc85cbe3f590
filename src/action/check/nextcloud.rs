//! `nextcloud.config`: whether a Nextcloud can be served by two nodes, from its config.php.
//!
//! The file is read by php on the host, as the file's owner and never as root; only the values judged here leave the host
//! (`nextcloud_facts.php`): no password, key or salt. Not checked: storages that users have mounted themselves, and a
//! session handler that a php file sets at run time.

use super::nextcloud_shared::{MemoryCache, NextcloudSettings, SETTINGS, caches, connections, sessions};
use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::action::aws::endpoint;
use crate::action::host::{HostPlace, LastLink};
use crate::model::{Failure, NextcloudConfig, PhpProgram};
use serde::Deserialize;

const FACTS: &str = concat!(include_str!("nextcloud_config.php"), include_str!("nextcloud_facts.php"));

const CONNECTIONS: &str = concat!(include_str!("nextcloud_config.php"), include_str!("nextcloud_connections.php"));

#[derive(Debug, Default, Deserialize)]
struct Facts {
    read: bool,
    dbtype: Option<String>,
    dbhost: Option<String>,
    datadirectory: String,
    objectstore: Option<String>,
    overwritewebroot: Option<String>,
    #[serde(rename = "overwrite.cli.url")]
    overwrite_cli_url: Option<String>,
    #[serde(default)]
    caches: Vec<MemoryCache>,
    /// The server's own addresses.
    #[serde(default)]
    addresses: Vec<String>,
}

impl Examine for NextcloudConfig {
    const PERMISSIONS: &'static [&'static str] = &["rds:DescribeDBInstances"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let facts = self.facts(lines).await?;
        let data = match &facts.objectstore {
            Some(class) => Ok(in_store(class)),
            None => {
                self.file_system(lines, &facts.datadirectory).await.map(|kind| on_disk(&facts.datadirectory, &kind))
            }
        };
        let php = self.settings(lines).await;
        Ok(vec![
            Seen::of("database", self.database(lines, &facts).await),
            Seen::of("data-directory", data),
            Seen::of("sessions", php.as_ref().map(|php| sessions(php, &facts.addresses)).map_err(Clone::clone)),
            caches(&facts.caches, &facts.addresses),
            Seen::of("connections", self.connections(lines, php.as_ref().ok()).await),
            webroot(&facts),
        ])
    }
}

impl NextcloudConfig {
    async fn facts(&self, lines: &Lines<'_>) -> Result<Facts, Failure> {
        let (file, php) = (self.file.as_str(), self.php.as_ref().map_or("php", PhpProgram::as_str));
        let place = HostPlace::find(lines, &self.on, file, LastLink::Followed).await?;
        let command = place.reader()?.program([php, "--", &place.path]).stdin(FACTS);
        let output = lines.run(&self.on, command).await?;
        let unread = || {
            Failure::permanent(format!("`{php}` on {} cannot read `{file}`", self.on))
                .cause(format!("exit status {}; php's words are not shown, for they may quote the file", output.status))
        };
        let text = output.text();
        let facts = text.strip_suffix("looked").and_then(|json| serde_json::from_str::<Facts>(json).ok());
        facts.filter(|facts| output.ok() && facts.read).ok_or_else(unread)
    }

    async fn database(&self, lines: &Lines<'_>, facts: &Facts) -> Result<Seen, Failure> {
        const ROW: &str = "database";
        let aws = lines.aws().await?;
        let wanted = endpoint(&aws, self.db.as_str()).await?;
        let (kind, host) = (facts.dbtype.as_deref().unwrap_or("sqlite3"), facts.dbhost.as_deref().unwrap_or_default());
        let name = host_name(host);
        let said = format!("dbtype `{kind}`, dbhost `{host}`; `{}` is at {wanted}", self.db);
        let same = |a: &str| a.eq_ignore_ascii_case(&wanted);
        if same(name) {
            return Ok(Seen::pass(ROW, said));
        }
        // A name of one's own may stand for the endpoint.
        if !name.is_empty()
            && name.contains('.')
            && lines.access().dns().cname(name).await?.as_deref().is_some_and(same)
        {
            return Ok(Seen::pass(ROW, format!("{said}, to which `{name}` is a CNAME")));
        }
        Ok(Seen::refuse(ROW, said).advise(format!(
            "give the DB instance that the site uses; `{}` would be converted, and the site's own database would stay as it is",
            self.db
        )))
    }

    async fn file_system(&self, lines: &Lines<'_>, folder: &str) -> Result<String, Failure> {
        let command = RemoteCommand::sudo(["findmnt", "-n", "-o", "FSTYPE", "-T", folder]);
        lines.run_ok(&self.on, command, &format!("looking at the file system of `{folder}`")).await
    }

    async fn settings(&self, lines: &Lines<'_>) -> Result<NextcloudSettings, Failure> {
        let none: [&str; 0] = [];
        let command = RemoteCommand::root_script(SETTINGS, none);
        Ok(NextcloudSettings::parse(&lines.run_ok(&self.on, command, "looking at php's settings").await?))
    }

    /// How many connections the database takes, and how many two servers may want.
    async fn connections(&self, lines: &Lines<'_>, php: Option<&NextcloudSettings>) -> Result<Seen, Failure> {
        let (file, program) = (self.file.as_str(), self.php.as_ref().map_or("php", PhpProgram::as_str));
        let place = HostPlace::find(lines, &self.on, file, LastLink::Followed).await?;
        let command = place.reader()?.program([program, "--", &place.path]).stdin(CONNECTIONS);
        let told = lines.run(&self.on, command).await?.text();
        Ok(connections(php.and_then(|php| php.children), told.trim().parse().ok()))
    }
}

/// The path under which config.php says that Nextcloud is reached. `overwritewebroot` decides where it is set; what jobs
/// write links with, `overwrite.cli.url`, is the address it was installed at (config/config.sample.php of Nextcloud).
fn webroot(facts: &Facts) -> Seen {
    const ROW: &str = "webroot";
    let set = |text: &Option<String>| text.clone().filter(|text| !text.trim_matches('/').is_empty());
    let found = match set(&facts.overwritewebroot) {
        Some(root) => Some(("overwritewebroot", root)),
        None => {
            let path = set(&facts.overwrite_cli_url).map(|url| path_of(&url).to_owned());
            path.filter(|path| !path.is_empty()).map(|path| ("overwrite.cli.url", path))
        }
    };
    match found {
        None => Seen::pass(ROW, "neither `overwritewebroot` nor `overwrite.cli.url` names a path"),
        Some((key, root)) => Seen::refuse(ROW, format!("Nextcloud is under `{root}` (`{key}`): not supported")).advise(
            "it must be at the root of its name: what is made and checked here asks for `/status.php` there; if the key is a \
             leftover, correct it (`occ config:system:set`)",
        ),
    }
}

/// The path of a URL, without the slash at its end.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}

/// The name in `dbhost`: without port or socket.
fn host_name(host: &str) -> &str {
    host.split_once(':').map_or(host, |(name, _)| name).trim_end_matches('.')
}

fn in_store(class: &str) -> Seen {
    let class = class.rsplit('\\').next().unwrap_or(class);
    Seen::pass("data-directory", format!("users' files are in an object store (`{class}`)"))
}

/// File systems that several hosts can mount at once.
const SHARED: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ceph",
    "glusterfs",
    "lustre",
    "gfs2",
    "ocfs2",
    "beegfs",
    "efs",
    "fuse.glusterfs",
    "fuse.ceph",
    "fuse.cephfs",
    "fuse.s3fs",
    "fuse.juicefs",
    "fuse.mount-s3",
    "fuse.mountpoint-s3",
    "fuse.sshfs",
    "fuse.objectivefs",
];

fn on_disk(folder: &str, kind: &str) -> Seen {
    const ROW: &str = "data-directory";
    let kind = kind.lines().last().unwrap_or_default().trim();
    if SHARED.contains(&kind.to_ascii_lowercase().as_str()) {
        return Seen::pass(ROW, format!("`{folder}` is on `{kind}`, which several servers can share"));
    }
    Seen::refuse(ROW, format!("`{folder}` is on `{kind}`, this server's own disk, and there is no `objectstore`")).advise(
        "two servers would each have users' files of their own: move them to a network file system or an object store first",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse};

    #[test]
    fn only_what_several_servers_can_share_passes() {
        assert_eq!(on_disk("/data", "nfs4").verdict, Pass);
        for own in ["ext4", "xfs", "overlay", "btrfs", ""] {
            assert_eq!(on_disk("/data", own).verdict, Refuse, "{own}");
        }
        assert!(in_store("\\OC\\Files\\ObjectStore\\S3").evidence.contains("`S3`"));
    }

    #[test]
    fn a_port_or_socket_is_no_part_of_the_name() {
        assert_eq!(host_name("db.x.rds.amazonaws.com:3306"), "db.x.rds.amazonaws.com");
        assert_eq!(host_name("localhost:/run/mysqld.sock"), "localhost");
        assert_eq!(host_name("db.example."), "db.example");
    }

    #[test]
    fn a_nextcloud_under_a_path_is_refused_before_the_site_goes_down() {
        let judged = |root: Option<&str>, url: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            webroot(&Facts { overwritewebroot: own(root), overwrite_cli_url: own(url), ..Facts::default() })
        };
        for (root, url) in [
            (Some("/nextcloud"), None),
            (Some("/nextcloud"), Some("https://cloud.example")),
            (None, Some("https://cloud.example/nextcloud")),
            (None, Some("http://localhost/nextcloud/?x=/y")),
            (Some(""), Some("cloud.example/nextcloud")),
        ] {
            let seen = judged(root, url);
            assert_eq!(seen.verdict, Refuse, "{root:?} {url:?}");
            assert!(seen.evidence.contains("Nextcloud is under `/nextcloud`"), "{seen:?}");
        }
        for (root, url) in
            [(None, None), (Some("/"), Some("https://cloud.example/")), (Some(""), Some("http://localhost"))]
        {
            assert_eq!(judged(root, url).verdict, Pass, "{root:?} {url:?}");
        }
    }
}
