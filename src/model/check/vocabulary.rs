//! The table of all checks. One row each: name, parameters, whether it needs AWS, and the rows it gives with what a
//! refusal of each means.
//!
//! This file is a table and long for that reason. [`vocabulary`](super::super::vocabulary) says what becomes of a row.

use super::super::{
    Account, Argument, BalancerName, Cidr, DbId, DnsZone, Environment, Expectation, FileProbe, Fixed, Fqdn, GroupId,
    GroupName, HostPath, HttpProbe, InstanceId, InstanceName, InstanceType, PhpProgram, PortProbe, SecretRef, Service,
    SubnetId, Target, TargetGroupName, TargetsProbe, Text, Url, VpcId,
};
use super::Refusal::{Acceptable, Final, Never};
use super::{CheckSpec, RowSpec};

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $name:literal $kind:ident {
        $($(#[doc = $pdoc:literal])+ $param:ident: $ptype:ty,)*
    } needs_aws: $aws:literal, rows { $($row:literal $refusal:ident $rdoc:literal),+ $(,)? };)+) => {
        vocabulary! {
            /// The name of a kind of check.
            kinds CheckKind;
            /// A check with its parameters.
            calls Check;
            specs CheckSpec;
            $($(#[doc = $doc])+ $name $kind { $($(#[doc = $pdoc])+ $param: $ptype,)* } {
                rows: vec![$(RowSpec { name: $row, about: $rdoc, refusal: $refusal }),+],
            })+
        }

        impl CheckKind {
            /// Whether every check of this kind talks to AWS, and so needs the runbook's `region`.
            #[must_use]
            pub fn needs_aws(self) -> bool {
                match self { $(Self::$kind => $aws,)+ }
            }
        }
    };
}

checks! {
    /// Whose the AWS credentials are.
    "account.caller" AccountCaller {
        /// How many minutes the run may take with its longest usual waits. Default: 60.
        minutes: Option<u32>,
    } needs_aws: true, rows {
        "account" Never "the account and the user or role are shown",
        "expiry" Acceptable "the credentials last as long as the run may take",
    };

    /// An instance runs and is well.
    "instance.running" InstanceRunning {
        /// The instance.
        instance: InstanceId,
    } needs_aws: true, rows {
        "running" Final "it is `running`",
        "status-checks" Acceptable "EC2's status checks of it are passed",
    };

    /// Something is so, as the runbook's author wants it: one of `port`, `http`, `file`, `target_health`, and a command (`argv` or `shell`).
    "probe.holds" ProbeHolds {
        /// The host from which a port is tried, on which a file is or a command runs. Default: the machine where this tool runs.
        on: Option<Target>,
        /// A port that takes connections: `{ host, port }`, the host as whoever connects knows it (127.0.0.1 unless said); `open: false`
        /// for one that takes none.
        port: Option<PortProbe>,
        /// An answer over HTTP, asked from where this tool runs: `{ url }`, and as far as wanted `status` (a list; 200 alone unless
        /// said), `header` (regular expressions by name), `body` and `not_body` (regular expressions), `json` (values by pointer, like
        /// `/status: ok`).
        http: Option<HttpProbe>,
        /// A file: `{ path }`, and as far as wanted `exists: false`, `contains`, `not_contains` (regular expressions).
        file: Option<FileProbe>,
        /// How a balancer judges targets by its own check: `{ target_group, instances }`, and a `state` other than `healthy` where that is
        /// wanted. What is seen has AWS's own reason.
        target_health: Option<TargetsProbe>,
        /// A command that only looks: program and arguments. Its end says whether it is so.
        argv: Option<Vec<Argument>>,
        /// Instead of `argv` a text for `sh -eu`.
        shell: Option<Fixed<Text>>,
        /// Look at the file, or run the command, as root by `sudo -n`. Default: no.
        sudo: Option<bool>,
        /// Run the command as this user, as `ssh.run` does.
        user: Option<Account>,
        /// The directory it runs in.
        cwd: Option<HostPath>,
        /// Its environment variables, texts and secrets.
        env: Option<Environment>,
        /// Which end of the command says that it is so, as with `ssh.run`. Default: exit status 0.
        expect: Option<Expectation>,
        /// What it means when it is not so: `refuse`, or `warn`. Default: `refuse`, which a person may accept.
        verdict: Option<Text>,
        /// What the operator can do then.
        helps: Option<Text>,
    } needs_aws: false, rows {
        "holds" Acceptable "it is so",
    };

    /// A host lets us in and lets us become root.
    "ssh.login" SshLogin {
        /// The host.
        on: Target,
    } needs_aws: false, rows {
        "login" Final "SSH answers, its host key is the known one, and we may log in",
        "sudo" Final "sudo works without a password",
    };

    /// The SSH host keys of a host's clones can be learned from their console output.
    "ssh.console-keys" SshConsoleKeys {
        /// The host.
        on: Target,
        /// How the clones' keys are to be learned, as `by` of `ssh.pin-host-key`; only `console` asks anything of the host.
        by: Text,
        /// The name of the input that says so, for the advice.
        input: Text,
    } needs_aws: false, rows {
        "shown" Acceptable "cloud-init is there and shows a new instance's host keys on its console",
    };

    /// Services come back by themselves when a host boots.
    "service.at-boot" ServiceAtBoot {
        /// The host.
        on: Target,
        /// The services.
        services: Vec<Service>,
    } needs_aws: false, rows {
        "enabled" Acceptable "each is enabled at boot",
    };

    /// A file system has room for the copies that a run keeps beside the files it edits.
    "host.free-disk" HostFreeDisk {
        /// The host.
        on: Target,
        /// Files or directories on the file systems meant.
        paths: Vec<HostPath>,
        /// How much must be free, in MiB. Default: 64.
        mb: Option<u32>,
    } needs_aws: false, rows {
        "space" Acceptable "each file system has that much room, and free inodes",
    };

    /// A host will still reach a site by its name once a balancer answers for it.
    "host.own-name" HostOwnName {
        /// The host.
        on: Target,
        /// The site's name.
        fqdn: Fqdn,
        /// Address ranges that may reach the balancer.
        sources: Vec<Cidr>,
        /// The host's public address; empty when it has none.
        address: Option<Text>,
    } needs_aws: false, rows {
        "hosts-file" Never "`/etc/hosts` does not name the site",
        "admitted" Never "the balancer will let the host in, as it lets visitors in",
    };

    /// A Nextcloud's background jobs come from one file of cron, which a run can hide and show again.
    "cron.sources" CronSources {
        /// The host.
        on: Target,
        /// The file.
        file: HostPath,
        /// Its name while it is hidden, where an earlier run may have left it so.
        hidden: Option<HostPath>,
        /// A part of the jobs' command line, e.g. `nextcloud/cron.php`.
        command: Text,
        /// Nextcloud's config.php.
        config: HostPath,
        /// The php program: `php`, `php8.2`, or a path to it below `/usr` or `/opt`. Default: `php`.
        php: Option<PhpProgram>,
    } needs_aws: false, rows {
        "file" Final "the file is there, cron reads it, and it starts the command",
        "elsewhere" Final "nothing else starts it: no other file of cron, no crontab, no timer, no service",
        "mode" Never "Nextcloud leaves its background jobs to cron",
        "workers" Never "no service runs a worker of `occ`, which the second server would have too",
    };

    /// What renews certificates on a host is known before a run stops it, and whose.
    "certificate.renewal" CertificateRenewal {
        /// The host.
        on: Target,
        /// The timer that the run stops.
        timer: Service,
        /// The site's name.
        fqdn: Fqdn,
    } needs_aws: false, rows {
        "sources" Acceptable "only that timer renews certificates: no other timer, service or line of cron",
        "others" Never "no certificate but the site's is renewed there",
    };

    /// A site answers now. Where Nextcloud's `status.php` is asked, what it says of itself counts too.
    "http.answers" HttpAnswers {
        /// What is asked for.
        url: Url,
        /// The status expected. Default: 200.
        status: Option<u16>,
    } needs_aws: false, rows {
        "answers" Acceptable "it answers with this status, with a certificate that is trusted; a Nextcloud is neither in maintenance mode nor in need of an upgrade",
    };

    /// nginx and what watches over it are ready for a balancer that ends TLS: all files that nginx reads are judged with the
    /// site as it will be, in the clear on port 80.
    "nginx.behind-balancer" NginxBehindBalancer {
        /// The host.
        on: Target,
        /// The site's own file.
        site: HostPath,
        /// The site's name.
        fqdn: Fqdn,
        /// Seconds the balancer keeps a connection on which nothing comes. Default: 60, as AWS's.
        idle_timeout_s: Option<u32>,
        /// Address ranges the balancer is in.
        balancer_ranges: Option<Vec<Cidr>>,
        /// The service of nginx. Default: `nginx`.
        service: Option<Service>,
    } needs_aws: false, rows {
        "port-80" Acceptable "nginx reads the site's file, and on port 80 no other server has its name, no second default server, no socket and no backend is in its way",
        "health-check" Never "which server answers the balancer's health check, whose Host is the server's address",
        "keep-alive" Acceptable "nginx keeps connections longer than the balancer, or a drop-in can make it",
        "slash-redirects" Acceptable "redirects that nginx makes by itself stay on https, or a drop-in can make them",
        "allow-lists" Acceptable "no `allow` for private addresses lets everybody in through the balancer",
        "real-ip" Never "nginx takes the visitor's address from the balancer's header (`set_real_ip_from`)",
        "bans" Never "nothing that bans addresses is at work (fail2ban, CrowdSec, SSHGuard)",
    };

    /// A Nextcloud can be served by two nodes: its files and sessions are not on one of them only, and its database is the
    /// one meant.
    "nextcloud.config" NextcloudConfig {
        /// The host.
        on: Target,
        /// Nextcloud's config.php.
        file: HostPath,
        /// The DB instance that must be the one in config.php.
        db: DbId,
        /// The php program: `php`, `php8.2`, or a path to it below `/usr` or `/opt`. Default: `php`.
        php: Option<PhpProgram>,
    } needs_aws: true, rows {
        "database" Acceptable "`dbhost` is the DB instance's endpoint",
        "data-directory" Acceptable "users' files are in an object store or on a network file system",
        "sessions" Never "PHP keeps sessions where every node finds them",
        "caches" Acceptable "file locks and the distributed cache are not on this server alone",
        "connections" Never "the database takes as many connections as php-fpm on two servers may hold",
        "webroot" Acceptable "Nextcloud is at the root of its name, not under a path",
    };

    /// A user of a Nextcloud can do what the checks of a run do. One login and logout; nothing is uploaded.
    "nextcloud.login" NextcloudLogin {
        /// The site's name.
        fqdn: Fqdn,
        /// Connect to this name instead of what DNS says.
        via: Option<Text>,
        /// The name of a local user without two-factor login.
        user: Text,
        /// A reference to the user's own password; the login form takes no app password.
        password: SecretRef,
    } needs_aws: false, rows {
        "login" Final "the user logs in by the login form, and out again",
        "client" Final "WebDAV takes name and password with a request, as each server is asked for a file later",
    };

    /// A DB instance can be made Multi-AZ, and lets in the servers that are to use it.
    "rds.ready" RdsReady {
        /// The DB instance.
        db: DbId,
        /// The security groups of the servers.
        clients: Vec<GroupId>,
        /// The subnets the servers are and will be in.
        client_subnets: Vec<SubnetId>,
    } needs_aws: true, rows {
        "available" Final "it is `available`, and no member of a DB cluster",
        "backup" Never "its data can be restored from automated backups; else a snapshot is offered",
        "engine" Acceptable "its engine, version and class can be Multi-AZ",
        "subnet-group" Final "its subnet group covers two Availability Zones",
        "admits-servers" Acceptable "its security groups let the servers in, wherever they run",
    };

    /// A subnet can take a clone of an instance.
    "instance.clone-place" InstanceClonePlace {
        /// The instance that is cloned.
        like: InstanceId,
        /// The subnet.
        subnet: SubnetId,
    } needs_aws: true, rows {
        "network" Final "the subnet is in the instance's VPC",
        "zone" Acceptable "the subnet is in another Availability Zone than the instance",
        "addresses" Final "the subnet has a free address",
        "route" Acceptable "the clone can be reached and reaches out there: by an internet gateway when it gets a public address",
        "key-pair" Acceptable "the instance's key pair is still there, for the clone is launched with it",
        "metadata" Acceptable "the account lets the clone have the instance's metadata options",
    };

    /// An instance type can be had where it is needed, and runs what the instance runs.
    "instance.type" InstanceTypeFits {
        /// The instance that is to have it.
        instance: InstanceId,
        /// The subnet of another server that is to have it.
        subnet: SubnetId,
        /// The type.
        instance_type: InstanceType,
    } needs_aws: true, rows {
        "offered" Final "the type is offered in both Availability Zones",
        "fits" Final "the type has the instance's architecture, virtualization, boot mode and network driver (ENA)",
        "attachments" Final "the type carries the instance's interfaces, addresses and volumes",
        "marketplace" Never "it is no Marketplace product, whose seller says which types it may have",
        "vcpu-quota" Acceptable "the account's quota of vCPUs has room for two servers of the type",
    };

    /// The caller may let EC2 use the KMS keys that encrypt an instance's volumes: stopping needs no key, starting does.
    "instance.volume-keys" InstanceVolumeKeys {
        /// The instance.
        instance: InstanceId,
    } needs_aws: true, rows {
        "enabled" Final "each key is enabled",
        "usable" Acceptable "the caller's policies allow what EC2 asks of each key in the caller's name",
    };

    /// What is installed on a server goes with another type, and with a copy of it in another Availability Zone.
    "instance.guest" InstanceGuest {
        /// The server.
        on: Target,
        /// The type it is to have.
        instance_type: InstanceType,
        /// The subnet of its copy.
        subnet: SubnetId,
    } needs_aws: true, rows {
        "devices" Acceptable "file systems are mounted by UUID or label where the new type names disks otherwise",
        "network" Acceptable "network settings name no interface or MAC address that the new type, or a copy, does not have",
        "drivers" Acceptable "the drivers that the new type needs (nvme, ena) are installed, in the initial RAM disk too",
        "mounts" Acceptable "network file systems can be mounted in the copy's Availability Zone",
    };

    /// Subnets can hold an Application Load Balancer in front of servers.
    "balancer.subnets" BalancerSubnets {
        /// The balancer's subnets.
        subnets: Vec<SubnetId>,
        /// The subnets of the servers behind it.
        server_subnets: Vec<SubnetId>,
    } needs_aws: true, rows {
        "zones" Final "they are in one VPC, at least two Availability Zones, and one in each",
        "covers-servers" Acceptable "they cover the servers' Availability Zones",
        "public" Acceptable "each has a route to an internet gateway",
        "addresses" Final "each has 8 free addresses",
    };

    /// The account may have one more balancer and one more target group.
    "balancer.quota" BalancerQuota {} needs_aws: true, rows {
        "balancers" Acceptable "the region's quota of Application Load Balancers has room",
        "target-groups" Acceptable "the region's quota of target groups has room",
    };

    /// The names of what a run creates are free.
    "names.free" NamesFree {
        /// The balancer's name.
        balancer: BalancerName,
        /// The target group's name.
        target_group: TargetGroupName,
        /// The security group's name.
        group: GroupName,
        /// The VPC of the security group.
        vpc: VpcId,
        /// The new server's Name tag.
        instance: InstanceName,
    } needs_aws: true, rows {
        "balancer" Final "no balancer has this name",
        "target-group" Final "no target group has this name",
        "security-group" Final "no security group of the VPC has this name",
        "instance" Never "no instance that is not terminated has this Name tag",
    };

    /// A port of a server is not open to the world.
    "security-group.closed" SecurityGroupClosed {
        /// The server's security groups, whose rules EC2 unites.
        groups: Vec<GroupId>,
        /// The port.
        port: u16,
    } needs_aws: true, rows {
        "open" Never "the port is not open to the world",
    };

    /// What a balancer in front of servers needs of security groups: nobody who is admitted now is shut out, and the rules fit.
    "security-group.rules" SecurityGroupRules {
        /// The servers' security groups, whose rules EC2 unites.
        groups: Vec<GroupId>,
        /// The one of them that is opened to the balancer.
        group: GroupId,
        /// Address ranges that may reach the balancer, on 443 and on 80.
        sources: Vec<Cidr>,
    } needs_aws: true, rows {
        "admitted" Never "no security group is admitted on 443, whose members the balancer would shut out",
        "servers-room" Acceptable "the servers' group has room for one more rule",
        "balancer-room" Acceptable "a security group has room for two rules for each of the ranges",
    };

    /// A name can be moved from an instance to a balancer.
    "dns.name" DnsName {
        /// The name.
        fqdn: Fqdn,
        /// Its hosted zone, or `external`.
        zone: DnsZone,
        /// The instance it must point at now.
        instance: InstanceId,
    } needs_aws: true, rows {
        "points-here" Acceptable "the name resolves to the instance",
        "zone" Final "the hosted zone is public and is the one that the world asks for the name",
        "private-zone" Never "no private zone hides the name from the servers' VPC",
        "https-record" Acceptable "no HTTPS record leads browsers to the old address",
        "elastic-ip" Acceptable "the address is an Elastic IP, so that it outlives a stop",
        "ttl" Never "its TTL is at most 300 s",
        "caa" Acceptable "CAA records let Amazon issue certificates",
        "external" Never "no person has to change records while the site is down",
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_rows_are_ids_and_used_once() {
        let names: BTreeSet<&str> = CheckKind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(names.len(), CheckKind::ALL.len());
        for kind in CheckKind::ALL {
            let rows = kind.spec().rows;
            let unique: BTreeSet<&str> = rows.iter().map(|r| r.name).collect();
            assert_eq!(unique.len(), rows.len(), "{kind}");
            assert!(rows.iter().all(|r| super::super::super::is_id(r.name)), "{kind}");
        }
    }
}
