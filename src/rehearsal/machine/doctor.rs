//! What the lab needs from a machine, and whether it is there: findings as data, for `runbook doctor` to show and
//! for the setup to act on.

use std::path::Path;

use crate::rehearsal::emulator::venv;
use crate::rehearsal::host::firewall;
use crate::rehearsal::machine::cache::Cache;
use crate::rehearsal::machine::image;
use crate::rehearsal::machine::recipe::Image;
use crate::rehearsal::machine::tool::{self, Tool};
use crate::rehearsal::region::cgroups;

/// One thing the lab needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFinding {
    /// What was looked at: `haproxy`, `namespaces`.
    pub what: String,
    /// What was found.
    pub state: FindingState,
}

/// How a finding turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingState {
    /// It is there; with a detail worth showing.
    Ok(String),
    /// It is not there yet and will be made when it is first needed.
    Later(String),
    /// It cannot be had on this machine; a rehearsal does without and says so.
    Without(String),
    /// It is missing: a rehearsal cannot start.
    Missing {
        /// Why it is needed, or what went wrong.
        why: String,
        /// What to type, or to change.
        remedy: String,
    },
}

/// A Debian package and the programs of it that the lab runs.
struct Package {
    name: &'static str,
    programs: &'static [&'static str],
    purpose: &'static str,
}

const PACKAGES: &[Package] = &[
    Package { name: "mmdebstrap", programs: &["mmdebstrap"], purpose: "makes the hosts' base image" },
    Package { name: "haproxy", programs: &["haproxy"], purpose: "is the load balancer" },
    Package { name: "openssh-client", programs: &["ssh", "ssh-keygen"], purpose: "reaches the hosts" },
    Package { name: "iproute2", programs: &["ip"], purpose: "lays the region's network" },
    Package { name: "nftables", programs: &["nft"], purpose: "enforces security groups" },
    Package {
        name: "util-linux",
        programs: &["unshare", "nsenter", "setsid", "setpriv"],
        purpose: "makes the namespaces",
    },
    Package { name: "mount", programs: &["mount", "umount"], purpose: "makes the hosts' disks" },
    Package { name: "openssl", programs: &["openssl"], purpose: "is the certificate authority" },
    Package { name: "tar", programs: &["tar"], purpose: "unpacks the base image" },
];
const ROOTLESS: Package =
    Package { name: "uidmap", programs: &["newuidmap"], purpose: "gives a user more than one id" };
const VENV: &str = "python3-venv";
const KEYRING: (&str, &str) = ("debian-archive-keyring", "/usr/share/keyrings/debian-archive-keyring.gpg");
const CERTIFICATES: (&str, &str) = ("ca-certificates", "/etc/ssl/certs/ca-certificates.crt");

/// Whether the lab would run as an ordinary user here.
#[must_use]
pub fn is_rootless() -> bool {
    !rustix::process::geteuid().is_root()
}

/// Looks at everything the lab needs.
pub async fn examine(cache: &Cache) -> Vec<MachineFinding> {
    let rootless = is_rootless();
    let mut findings = Vec::new();
    let packages = PACKAGES.iter().chain(rootless.then_some(&ROOTLESS));
    for package in packages {
        findings.push(MachineFinding { what: package.name.to_owned(), state: programs_of(package) });
    }
    findings.push(MachineFinding { what: VENV.to_owned(), state: python().await });
    for (name, file) in [KEYRING, CERTIFICATES] {
        let state = if Path::new(file).exists() {
            FindingState::Ok(file.to_owned())
        } else {
            missing(format!("`{file}` is not there: downloads cannot be verified"), name)
        };
        findings.push(MachineFinding { what: name.to_owned(), state });
    }
    findings.push(MachineFinding { what: "namespaces".to_owned(), state: namespaces(rootless).await });
    findings.push(MachineFinding { what: "security groups".to_owned(), state: security_groups(rootless).await });
    findings.push(MachineFinding { what: "systemd".to_owned(), state: systemd(rootless).await });
    for (what, kind) in [("base image", Image::Web), ("database image", Image::Database)] {
        let image = image::entry(cache, &kind, rootless);
        findings.push(made(what, image.is_dir(), &image));
    }
    let venv = venv::entry(cache);
    findings.push(made("emulator", venv.join("complete").is_file(), &venv));
    findings
}

/// The Debian packages that would have to be installed.
pub(in crate::rehearsal) async fn missing_packages() -> Vec<&'static str> {
    let packages = PACKAGES.iter().chain(is_rootless().then_some(&ROOTLESS));
    let missing = |state: FindingState| matches!(state, FindingState::Missing { .. });
    let mut names: Vec<&'static str> =
        packages.filter(|package| missing(programs_of(package))).map(|package| package.name).collect();
    if missing(python().await) {
        names.push(VENV);
    }
    names.extend([KEYRING, CERTIFICATES].iter().filter(|(_, file)| !Path::new(file).exists()).map(|(name, _)| *name));
    names
}

/// What stands in the way of a region, when its programs are all there.
pub(in crate::rehearsal) async fn obstacle() -> Option<MachineFinding> {
    let state = namespaces(is_rootless()).await;
    matches!(state, FindingState::Missing { .. }).then(|| MachineFinding { what: "namespaces".to_owned(), state })
}

fn programs_of(package: &Package) -> FindingState {
    for program in package.programs {
        if tool::find(program).is_none() {
            return missing(format!("`{program}` {}", package.purpose), package.name);
        }
    }
    FindingState::Ok(package.purpose.to_owned())
}

fn missing(why: String, package: &str) -> FindingState {
    FindingState::Missing { why, remedy: format!("apt-get install {package}") }
}

async fn python() -> FindingState {
    let Some(python) = venv::python() else {
        return missing("`python3` runs the emulated account".to_owned(), VENV);
    };
    let program = "import ensurepip, sys, venv; print('python %d.%d' % sys.version_info[:2])";
    match Tool::new(&python).args(["-c", program]).run().await {
        Ok(output) => FindingState::Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Err(error) => missing(format!("`{}` cannot make environments: {}", python.display(), error.chain()), VENV),
    }
}

/// Tries what enforcing security groups takes of the kernel.
async fn security_groups(rootless: bool) -> FindingState {
    let mut unshare = Tool::new("unshare");
    if rootless {
        unshare = unshare.args(["--user", "--map-root-user", "--map-auto"]);
    }
    let script = format!("ip link add lab-try type bridge && {}", firewall::TRIAL);
    match unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", &script]).run().await {
        Ok(_) => FindingState::Ok("enforced by nftables, bridged packets too".to_owned()),
        Err(error) => FindingState::Without(format!("a rehearsal lets everything reach everything: {}", error.chain())),
    }
}

/// Tries what systemd as the hosts' pid 1 takes.
async fn systemd(rootless: bool) -> FindingState {
    if rootless {
        return FindingState::Without(
            "it needs root as the hosts' pid 1; they get a small init in its place".to_owned(),
        );
    }
    match Tool::new("unshare").args(["--mount", "sh", "-c", cgroups::TRIAL]).run().await {
        Ok(_) => FindingState::Ok("pid 1 of the hosts, each in a control group of its own".to_owned()),
        Err(error) => FindingState::Without(format!("hosts get a small init in its place: {}", error.chain())),
    }
}

/// Tries what a region does first.
async fn namespaces(rootless: bool) -> FindingState {
    let mut unshare = Tool::new("unshare");
    if rootless {
        unshare = unshare.args(["--user", "--map-root-user", "--map-auto"]);
    }
    let options = if rootless { ",userxattr" } else { "" };
    let script = format!(
        "ip link add lab-try type bridge && mount -t tmpfs tmpfs /run && cd /run && mkdir lower upper work root && touch lower/file && \
         mount -t overlay try -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work{options} /run/root && rm /run/root/file"
    );
    match unshare.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", &script]).run().await {
        Ok(_) if rootless => FindingState::Ok("as an ordinary user".to_owned()),
        Ok(_) => FindingState::Ok("as root".to_owned()),
        Err(error) => FindingState::Missing {
            why: format!("a region cannot be made: {}", error.chain()),
            remedy: if rootless {
                "run as root, or allow user namespaces (a range in /etc/subuid; on Ubuntu an AppArmor profile)"
                    .to_owned()
            } else {
                "allow this machine or container to make namespaces, bridges and overlays (CAP_SYS_ADMIN, CAP_NET_ADMIN)".to_owned()
            },
        },
    }
}

fn made(what: &str, there: bool, path: &Path) -> MachineFinding {
    let state = if there {
        FindingState::Ok(path.display().to_string())
    } else {
        FindingState::Later("made by the first rehearsal, about a minute".to_owned())
    };
    MachineFinding { what: what.to_owned(), state }
}
