//! The region's network: one bridge, no way out. Every host hangs on the bridge by a pair of virtual cables and
//! has a network namespace of its own, named by its instance id.
//!
//! A host's hardware address is made from its private address: the same interface comes back after a stop and
//! start, so the neighbours' ARP entries stay true. Public addresses live on the host's `lo` and are routed to it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::tool::Tool;

/// The region's own address: DNS, the emulated API and the object store answer here.
pub const REGION_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// Where the lab itself looks at its hosts from, as a hypervisor does: no security group concerns it.
pub(in crate::rehearsal) const LAB_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// Where the operator and the site's visitors come from: an address outside of the VPC (RFC 5737, TEST-NET-3), which a group
/// may admit or not.
pub(in crate::rehearsal) const OUTSIDE_ADDRESS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
const BRIDGE: &str = "lab0";
const PREFIX: u8 = 16;

/// Given, not taken from the lowest of its ports: those come and go with the hosts, and every other host would go on
/// sending to the address that is gone until its neighbour entry expires.
const BRIDGE_MAC: &str = "02:0a:4d:00:00:01";

/// Makes the bridge, and makes this namespace's resolver the region's.
pub(in crate::rehearsal) async fn lay(resolver: &Path) -> Result<(), RehearsalError> {
    ip(&format!(
        "link set lo up\n\
         link add {BRIDGE} address {BRIDGE_MAC} type bridge forward_delay 0 mcast_snooping 0\n\
         addr add {REGION_ADDRESS}/{PREFIX} dev {BRIDGE}\n\
         addr add {LAB_ADDRESS}/{PREFIX} dev {BRIDGE}\n\
         addr add {OUTSIDE_ADDRESS}/32 dev lo\n\
         link set {BRIDGE} up\n"
    ))
    .await?;
    // Between hosts and public addresses the region is the router.
    let forwarding = Path::new("/proc/sys/net/ipv4/ip_forward");
    fs::write(forwarding, "1").map_err(RehearsalError::file("write", forwarding))?;
    let own = Path::new("/run/resolv.conf");
    fs::write(own, format!("nameserver {REGION_ADDRESS}\noptions timeout:1 attempts:2\n"))
        .map_err(RehearsalError::file("write", own))?;
    if resolver != own {
        make_place(resolver)?;
        Tool::new("mount").arg("--bind").arg(own).arg(resolver).run().await?;
    }
    Ok(())
}

/// The file that `/etc/resolv.conf` is. With systemd-resolved or resolvconf it is a link into `/run`: so this is asked before the
/// region covers `/run`. A link that leads nowhere (nothing has been resolved since the boot) has a place too.
pub(in crate::rehearsal) fn resolver() -> Result<PathBuf, RehearsalError> {
    place_of(Path::new("/etc/resolv.conf"))
}

fn place_of(link: &Path) -> Result<PathBuf, RehearsalError> {
    if let Ok(place) = fs::canonicalize(link) {
        return Ok(place);
    }
    let to = fs::read_link(link).map_err(RehearsalError::file("find", link))?;
    let mut place = PathBuf::new();
    for part in link.parent().unwrap_or(link).join(to).components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            part => place.push(part),
        }
    }
    Ok(place)
}

/// What was in `/run` before it was covered has to be made again: only there something is made.
fn make_place(resolver: &Path) -> Result<(), RehearsalError> {
    if resolver.exists() || !resolver.starts_with("/run") {
        return Ok(());
    }
    if let Some(folder) = resolver.parent() {
        fs::create_dir_all(folder).map_err(RehearsalError::file("create", folder))?;
    }
    fs::write(resolver, "").map_err(RehearsalError::file("write", resolver))
}

/// Plugs a host in: its namespace, its cable, its private address.
pub(in crate::rehearsal) async fn plug(host: &str, address: Ipv4Addr) -> Result<(), RehearsalError> {
    let cable = cable(host);
    let [a, b, c, d] = address.octets();
    ip(&format!(
        "netns add {host}\n\
         link add {cable} type veth peer name eth0 address 02:0a:{a:02x}:{b:02x}:{c:02x}:{d:02x} netns {host}\n\
         link set {cable} master {BRIDGE} up\n"
    ))
    .await?;
    ip_of(
        host,
        &format!(
            "link set lo up\n\
             addr add {address}/{PREFIX} dev eth0\n\
             link set eth0 up\n\
             route add default via {REGION_ADDRESS}\n"
        ),
    )
    .await
}

/// Takes a host's cable and namespace away; missing ones are no error.
pub(in crate::rehearsal) async fn unplug(host: &str) {
    // Both may already be gone with the host's last process: nothing to do about an error here.
    let _ = Tool::new("ip").args(["link", "del", &cable(host)]).output().await;
    let _ = Tool::new("ip").args(["netns", "del", host]).output().await;
}

/// Pulls (`false`) or plugs (`true`) the cable: nobody hears a FIN or RST, packets are just gone.
pub(in crate::rehearsal) async fn set_cable(host: &str, connected: bool) -> Result<(), RehearsalError> {
    ip(&format!("link set {} {}\n", cable(host), if connected { "up" } else { "down" })).await
}

/// Gives a running host a public address.
pub(in crate::rehearsal) async fn publish(
    host: &str,
    private: Ipv4Addr,
    public: Ipv4Addr,
) -> Result<(), RehearsalError> {
    ip_of(host, &format!("addr replace {public}/32 dev lo\n")).await?;
    route(private, public).await
}

/// Sends packets for a public address to a host, running or not.
pub(in crate::rehearsal) async fn route(private: Ipv4Addr, public: Ipv4Addr) -> Result<(), RehearsalError> {
    ip(&format!("route replace {public}/32 via {private} src {OUTSIDE_ADDRESS}\n")).await
}

/// Connects to a host from where no security group counts.
///
/// # Errors
/// When nobody listens there, or the host is not reached.
pub(in crate::rehearsal) async fn look_in(address: Ipv4Addr, port: u16) -> std::io::Result<tokio::net::TcpStream> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((LAB_ADDRESS, 0).into())?;
    socket.connect((address, port).into()).await
}

/// Takes a public address away again. `host` is none when it is not running.
pub(in crate::rehearsal) async fn withdraw(host: Option<&str>, public: Ipv4Addr) {
    // The route or the namespace may have gone before: that is what is wanted.
    let _ = Tool::new("ip").args(["route", "del", &format!("{public}/32")]).output().await;
    if let Some(host) = host {
        let _ = Tool::new("ip").args(["-n", host, "addr", "del", &format!("{public}/32"), "dev", "lo"]).output().await;
    }
}

/// An address of the region itself (a balancer's) on the bridge. Who calls it from the region's own namespace comes from
/// outside.
pub(in crate::rehearsal) async fn add_own_address(address: Ipv4Addr) -> Result<(), RehearsalError> {
    ip(&format!(
        "addr replace {address}/{PREFIX} dev {BRIDGE}\n\
         route replace local {address} dev {BRIDGE} table local proto kernel scope host src {OUTSIDE_ADDRESS}\n"
    ))
    .await
}

/// An address of the region itself that anybody may ask, and that asks from the region's own.
pub(in crate::rehearsal) async fn add_server_address(address: Ipv4Addr) -> Result<(), RehearsalError> {
    ip(&format!("addr replace {address}/{PREFIX} dev {BRIDGE}\n")).await
}

/// Takes an address of the region away again.
pub(in crate::rehearsal) async fn remove_own_address(address: Ipv4Addr) -> Result<(), RehearsalError> {
    ip(&format!("route del local {address} dev {BRIDGE} table local\naddr del {address}/{PREFIX} dev {BRIDGE}\n")).await
}

async fn ip(lines: &str) -> Result<(), RehearsalError> {
    Tool::new("ip").args(["-batch", "-"]).input(lines).run().await.map(drop)
}

async fn ip_of(host: &str, lines: &str) -> Result<(), RehearsalError> {
    Tool::new("ip").args(["-n", host, "-batch", "-"]).input(lines).run().await.map(drop)
}

/// Interface names end at 15 letters: the end of an instance id is the part that differs.
fn cable(host: &str) -> String {
    format!("v-{}", &host[host.len().saturating_sub(12)..])
}

#[cfg(test)]
mod tests {
    use super::cable;

    #[test]
    fn a_cable_name_fits_the_kernel_and_tells_hosts_apart() {
        assert_eq!(cable("i-0123456789abcdef0"), "v-56789abcdef0");
        assert!(cable("i-0123456789abcdef0").len() <= 15);
        assert_eq!(cable("web"), "v-web");
    }
}
