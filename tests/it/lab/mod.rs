//! The rehearsal lab's own promises: hosts, images, balancer and names follow the emulated account, and what runs
//! on the hosts is real.
//!
//! Each test makes a region and runs its second half inside it: the test program executes itself in new
//! namespaces. It needs what `runbook doctor` lists; where that is missing the test fails and says what to type.

mod balancer;
mod database;
mod groups;
mod hosts;
mod made;
mod names;
mod preflight;
mod systemd;

use crate::support::region::{LIMIT, in_a_region, in_a_region_on, region};
use crate::support::world::single_to_ha;
use runbook::rehearsal::{Machine, Region, RegionSpec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_before_state_is_a_working_site() {
    in_a_region("lab::inside::the_before_state_is_a_working_site", LIMIT).await;
}

/// As systemd-resolved and resolvconf have it: what the link leads to is covered when the region covers `/run`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_starts_where_the_resolvers_file_is_a_link_into_run() {
    const CHANGE: &str = "mount -t tmpfs tmpfs /mnt; mkdir /mnt/upper /mnt/work
        mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
        mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/resolve
        cp /etc/resolv.conf /run/systemd/resolve/stub-resolv.conf
        rm /etc/resolv.conf; ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf";
    in_a_region_on(CHANGE, "lab::inside::a_host_changes_nothing_of_the_machine", LIMIT).await;
}

#[tokio::test]
async fn a_region_does_not_start_on_the_machine_itself() {
    let folder = tempfile::tempdir().unwrap();
    let place = || folder.path().to_path_buf();
    let machine = Machine { image: place(), database: place(), venv: place(), rootless: false };
    let spec = RegionSpec::new(place(), machine, single_to_ha());
    let refused = Region::start(&spec, &|_| ()).await.err().expect("it is refused");
    assert!(refused.to_string().contains("namespaces of its own"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing was written");
}

/// The halves that run inside. Started directly, as root on a machine, they are refused.
mod inside {
    use super::made::log_in_and_out;
    use super::*;

    /// Root on a host is not the machine's: no clock, kernel modules, ports or devices, and the kernel's settings are read only.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_host_changes_nothing_of_the_machine() {
        region(async |lab| {
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = lab.account().public_ip.to_string();
            // Settings are written as they are: where this is not refused, nothing is changed by it.
            let tries = "sudo sh -c 'grep CapBnd /proc/1/status; cd /proc/sys/vm
                cat swappiness >swappiness && echo written; mknod /tmp/zero c 1 5 && echo made; :' 2>/dev/null; hostname";
            let ssh = lab.region.command(&["ssh", "-F", config, &address, tries]).output().await.unwrap();
            let said = String::from_utf8_lossy(&ssh.stdout).into_owned();
            let bounds = said.lines().next().and_then(|line| line.strip_prefix("CapBnd:")).unwrap().trim();
            let bounds = u64::from_str_radix(bounds, 16).unwrap();
            for (name, bit) in [("SYS_MODULE", 16), ("SYS_RAWIO", 17), ("SYS_TIME", 25), ("MKNOD", 27)] {
                assert_eq!(bounds >> bit & 1, 0, "{name}: {said}");
            }
            assert_eq!(bounds >> 22 & 1, 1, "SYS_BOOT: {said}");
            assert_eq!(said.lines().count(), 2, "nothing was written or made: {said}");
            let names = lab.region.command(&["getent", "hosts", &lab.account().fqdn]).output().await.unwrap();
            assert!(String::from_utf8_lossy(&names.stdout).contains(&address), "the region's own names are asked");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_before_state_is_a_working_site() {
        region(async |lab| {
            let account = lab.account();
            let client = lab.client();
            let answer = client.get(lab.site("/status.php")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "with the lab's authority trusted and the name resolved by the lab");
            assert!(answer.text().await.unwrap().contains("\"installed\":true"));
            let plain = client.get(format!("http://{}/", account.fqdn)).send().await.unwrap();
            assert_eq!(plain.headers()["location"], format!("https://{}:443/", account.fqdn));

            let web = account.instance.as_str();
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = account.public_ip.to_string();
            let ssh = lab.region.command(&["ssh", "-F", config, &address, "id -un; sudo -n id -un"]).output().await.unwrap();
            assert_eq!(String::from_utf8_lossy(&ssh.stdout), "ubuntu\nroot\n", "{}", String::from_utf8_lossy(&ssh.stderr));
            let units = "for unit in nginx php8.2-fpm ssh cron certbot.timer; do systemctl is-active $unit; systemctl is-enabled $unit; done | sort | uniq -c";
            assert_eq!(lab.on(web, units).await, "      5 active\n      5 enabled\n");
            assert_eq!(lab.on(web, "systemctl stop nginx; systemctl is-active nginx || echo $?; systemctl is-active nobody || echo $?").await, "inactive\n3\ninactive\n3\n");
            assert!(client.get(lab.site("/status.php")).send().await.is_err(), "a stopped nginx serves nobody");
            lab.on(web, "systemctl disable --now certbot.timer; ! systemctl is-enabled --quiet certbot.timer; systemctl start nginx").await;
            assert_eq!(client.get(lab.site("/status.php")).send().await.unwrap().status(), 200);
            assert_eq!(lab.on(web, "stat -c '%U %a' /var/www/html/nextcloud/config/config.php").await, "www-data 640\n");
            let untrusted = "curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1/status.php -H 'Host: 10.77.1.4'";
            assert_eq!(lab.on(web, untrusted).await, "400", "what a balancer's check is answered before config.php is patched");

            let password = lab.region.environment()["NEXTCLOUD_PASSWORD"].clone();
            let file = lab.site("/remote.php/dav/files/admin/note.txt");
            let put = client.put(&file).basic_auth("admin", Some(&password)).body("kept in the bucket").send().await.unwrap();
            assert_eq!(put.status(), 201);
            let got = client.get(&file).basic_auth("admin", Some(&password)).send().await.unwrap();
            assert_eq!(got.text().await.unwrap(), "kept in the bucket");
            assert_eq!(client.get(&file).basic_auth("admin", Some("wrong")).send().await.unwrap().status(), 401);
            assert_eq!(client.delete(&file).basic_auth("admin", Some(&password)).send().await.unwrap().status(), 204);
            log_in_and_out(lab, &password).await;
            assert!(client.get("http://192.0.2.1/").send().await.is_err(), "there is no way out");
        })
        .await;
    }
}
