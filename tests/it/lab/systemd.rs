//! Pid 1 of the hosts: Debian's systemd as it comes where control groups can be made, a small init where not.

use crate::support::region::{LIMIT, WITHOUT_GROUPS, in_a_region, in_a_region_on, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_are_those_of_a_real_systemd() {
    in_a_region("lab::systemd::inside::units_are_those_of_a_real_systemd", LIMIT).await;
}

/// As in a container whose control groups are not its own to change. The name lets the next region take the group away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_control_groups_can_be_made_hosts_have_a_small_init() {
    let test = "lab::systemd::inside::where_no_control_groups_can_be_made_hosts_have_a_small_init";
    in_a_region_on(WITHOUT_GROUPS, test, LIMIT).await;
}

/// What `runbook` asks of `systemctl`, with standard output and exit status of each: one text for both inits.
const VERBS: &str = r#"
try() { printf '%s: ' "$*"; local said; said=$("$@" 2>/dev/null) && printf '0 %s\n' "$said" || printf '%s %s\n' $? "$said"; }
shown() { try systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState "$1"; try systemctl show -p Id --value "$1"; }
for unit in nginx ssh.service php8.2-fpm cron certbot.timer nobody; do
    shown $unit
    try systemctl is-active $unit
    try systemctl is-enabled $unit
done
for verb in start stop restart reload enable disable cat; do try systemctl $verb nobody; done
systemctl show -P MainPID nginx | grep -qx "$(cat /run/nginx.pid)" && echo the same main process
try systemctl stop nginx; try systemctl stop nginx; shown nginx; try systemctl is-active nginx; try systemctl reload nginx
systemctl show -P MainPID nginx
echo nonsense >/etc/nginx/conf.d/bad.conf; try systemctl start nginx; rm /etc/nginx/conf.d/bad.conf
try systemctl start nginx; try systemctl restart nginx; try systemctl reload nginx
try systemctl disable -q nginx; try systemctl is-enabled nginx; try systemctl enable -q nginx; try systemctl is-enabled nginx
try systemctl disable -q --now certbot.timer; shown certbot.timer; try systemctl is-active -q certbot.timer
try systemctl enable -q --now certbot.timer; try systemctl is-active certbot.timer
systemctl list-unit-files --type=timer --no-legend | grep -c '^certbot.timer'
systemctl show -p Unit --value certbot.timer
systemctl cat certbot.service | grep -x 'ExecStart=.*'
"#;

mod inside {
    use super::*;
    use crate::support::golden;
    use aws_sdk_ec2::types::InstanceStateName;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn units_are_those_of_a_real_systemd() {
        region(async |lab| {
            assert_eq!(lab.region.without_systemd(), None);
            let web = lab.account().instance.clone();
            assert_eq!(lab.on(&web, "cat /proc/1/comm").await, "systemd\n");
            let state = lab.on(&web, "systemctl is-system-running --wait; systemctl --failed --no-legend").await;
            assert_eq!(state, "running\n");

            golden("lab/systemctl.txt", &lab.on(&web, VERBS).await);

            // A drop-in counts, what a service starts is in its group and ends with it, and the journal has what it said.
            let script = "mkdir /etc/systemd/system/nginx.service.d
                printf '[Service]\\nEnvironment=SEEN=1\\nExecStartPost=/bin/sh -c \"echo started by hand; sleep 900 & :\"\\n' \
                    >/etc/systemd/system/nginx.service.d/more.conf
                systemctl daemon-reload; systemctl restart nginx
                pgrep -xc sleep; systemctl stop nginx; pgrep -xc sleep || :
                journalctl -q -u nginx -o cat | grep -c 'started by hand'";
            assert_eq!(lab.on(&web, script).await, "1\n0\n1\n");

            // A timer starts its service, and one that is stopped does not.
            let script = "printf '[Service]\\nExecStart=/bin/touch /run/ticked\\n' >/run/systemd/system/tick.service
                printf '[Timer]\\nOnActiveSec=100ms\\nAccuracySec=1ms\\n' >/run/systemd/system/tick.timer
                systemctl daemon-reload; systemctl start tick.timer
                until [ -e /run/ticked ]; do sleep .05; done; systemctl show -P Result tick.service";
            assert_eq!(lab.on(&web, script).await, "success\n");
            assert_eq!(lab.on(&web, "systemctl is-active certbot.timer").await, "active\n");
            let unbooked = lab.on(&web, "systemctl stop certbot.timer; systemctl list-timers --no-legend certbot.timer");
            assert_eq!(unbooked.await, "");

            lab.on(&web, "systemctl poweroff").await;
            lab.reaches(&web, InstanceStateName::Stopped).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn where_no_control_groups_can_be_made_hosts_have_a_small_init() {
        region(async |lab| {
            let why = lab.region.without_systemd().expect("the region says so");
            assert!(
                why.starts_with("hosts have a small init in place of systemd: ") && why.contains("create"),
                "{why}"
            );
            let web = lab.account().instance.clone();
            assert_eq!(lab.on(&web, "cat /proc/1/comm; systemctl is-active nginx").await, "lab-init\nactive\n");
            golden("lab/systemctl.txt", &lab.on(&web, VERBS).await);
            lab.on(&web, "shutdown -h now").await;
            lab.reaches(&web, InstanceStateName::Stopped).await;
        })
        .await;
    }
}
