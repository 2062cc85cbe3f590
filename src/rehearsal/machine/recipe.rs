//! What the lab's images are made from: each a Debian 12 with what one kind of machine has.

/// Debian 12: PHP 8.2 and nginx as packaged, like the systems the procedure is written for.
pub(in crate::rehearsal) const SUITE: &str = "bookworm";

/// The images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) enum Image {
    /// A web server.
    Web,
    /// A web server with all PHP extensions that Nextcloud asks for.
    Nextcloud,
    /// A web server with these packages besides, and with those extensions: the hosts of a world.
    World { nextcloud: bool, packages: Vec<String> },
    /// A DB instance.
    Database,
}

/// What one image is made from; the same recipe makes the same image.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rehearsal) struct Recipe {
    /// What it is called in the cache.
    pub(in crate::rehearsal) kind: &'static str,
    /// What it is called when it is made.
    pub(in crate::rehearsal) about: String,
    /// Whether the packages are installed by dpkg, or only unpacked: then nothing in them has been set up, there is not
    /// even a user, and it takes a fraction of the time.
    pub(in crate::rehearsal) installed: bool,
    /// The packages, separated by commas.
    pub(in crate::rehearsal) packages: String,
    /// What is done inside the tree after the packages are in.
    pub(in crate::rehearsal) finish: &'static str,
}

/// The web server's PHP, as `PHP_VERSION_ID` has it.
pub(in crate::rehearsal) const PHP: u32 = 80_200;

/// What a web server has. Of busybox a test makes a host on which there is nothing else.
const WEB: &str = "openssh-server,nginx,php8.2-fpm,php8.2-cli,php8.2-mysql,certbot,sudo,cron,systemd,systemd-sysv,dbus,\
unattended-upgrades,iproute2,procps,curl,ca-certificates,openssl,busybox";

/// The extensions that Nextcloud's manual calls required or recommended (administration manual, "PHP Modules & Configuration").
const NEXTCLOUD: &str =
    "php8.2-gd,php8.2-curl,php8.2-xml,php8.2-mbstring,php8.2-zip,php8.2-intl,php8.2-bcmath,php8.2-gmp,php8.2-apcu";

/// Debian's packages as they come, and what cloud images do to them: the operator's account, no passwords over SSH, no
/// SSH host keys (a host's first boot makes them).
const FINISH_WEB: &str = r#"set -e
useradd -m -s /bin/bash -u 1000 ubuntu
echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers.d/90-cloud-init-users
printf 'PasswordAuthentication no\n' >/etc/ssh/sshd_config.d/60-cloudimg-settings.conf
rm -f /etc/ssh/ssh_host_* /etc/resolv.conf /etc/hostname /etc/hosts
: >/etc/machine-id
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man /usr/share/locale
"#;

/// MariaDB and what its own installation script runs.
const DATABASE: &str =
    "mariadb-server-core,mariadb-client-core,bash,dash,coreutils,sed,grep,mawk,hostname,libc-bin,base-files";

/// An empty data directory, with the settings that Nextcloud's manual asks for (administration manual, "Database
/// configuration": READ COMMITTED, utf8mb4) and little memory and disk: a lab lasts minutes.
const FINISH_DATABASE: &str = r"set -e
printf 'root:x:0:0:root:/root:/bin/sh\nmysql:x:101:101:MariaDB:/nonexistent:/usr/sbin/nologin\n' >/etc/passwd
printf 'root:x:0:\nmysql:x:101:\n' >/etc/group
rm -rf /etc/mysql /usr/share/doc /usr/share/man /usr/share/locale
cat >/etc/my.cnf <<'END'
[mariadbd]
user = mysql
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid-file = /run/mysqld/mysqld.pid
skip-name-resolve
transaction-isolation = READ-COMMITTED
character-set-server = utf8mb4
collation-server = utf8mb4_general_ci
max-connections = 100
performance-schema = OFF
innodb-buffer-pool-size = 48M
innodb-log-file-size = 8M
innodb-flush-log-at-trx-commit = 2
innodb-flush-method = fsync
innodb-use-native-aio = OFF
END
mkdir -p /var/lib/mysql /run/mysqld
chown mysql:mysql /var/lib/mysql /run/mysqld
mariadb-install-db --force --skip-test-db --auth-root-authentication-method=normal
";

impl Image {
    /// What it is made from.
    pub(in crate::rehearsal) fn recipe(&self) -> Recipe {
        match self {
            Self::Web => Recipe {
                kind: "image",
                about: "the hosts' base image (once, about a minute)".to_owned(),
                installed: true,
                packages: WEB.to_owned(),
                finish: FINISH_WEB,
            },
            Self::Nextcloud => Recipe {
                kind: "image-nextcloud",
                about: "the hosts' base image with Nextcloud's PHP extensions (once, about a minute)".to_owned(),
                installed: true,
                packages: format!("{WEB},{NEXTCLOUD}"),
                finish: FINISH_WEB,
            },
            Self::World { nextcloud, packages } => Recipe {
                kind: "image-world",
                about: format!("the image of hosts with {} (once, about a minute)", packages.join(", ")),
                installed: true,
                packages: match nextcloud {
                    true => format!("{WEB},{NEXTCLOUD},{}", packages.join(",")),
                    false => format!("{WEB},{}", packages.join(",")),
                },
                finish: FINISH_WEB,
            },
            Self::Database => Recipe {
                kind: "image-database",
                about: "the DB instance's image (once, some seconds)".to_owned(),
                installed: false,
                packages: DATABASE.to_owned(),
                finish: FINISH_DATABASE,
            },
        }
    }
}

impl Recipe {
    /// Everything that decides what comes out.
    pub(in crate::rehearsal) fn text(&self) -> String {
        let Self { installed, packages, finish, .. } = self;
        format!("{SUITE}\n{packages}\n{installed}\n{finish}")
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn images_differ() {
        let [web, nextcloud, database] = [Image::Web, Image::Nextcloud, Image::Database].map(|image| image.recipe());
        assert_ne!(web.text(), nextcloud.text());
        assert!(web.kind != nextcloud.kind && web.kind != database.kind);
        let world = Image::World { nextcloud: false, packages: vec!["postgresql-15".to_owned()] }.recipe();
        assert!(world.packages.ends_with(",postgresql-15") && world.packages.starts_with(&web.packages));
        assert!(nextcloud.packages.starts_with(&web.packages), "the same web server, and more");
    }
}
