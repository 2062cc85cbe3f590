//! The table of all actions. One row each: name, parameters, outputs, reversibility, what its undo is to the way back, what others
//! must know of it ([`Property`]), usual and longest duration.
//!
//! This file is a table and long for that reason. [`vocabulary`](super::super::vocabulary) says what becomes of a row.

use super::super::{
    Account, AnswerExpectation, Argument, Arn, BalancerName, CertificateName, Cidr, CommandLine, DbId, DeclaredOutputs,
    DnsZone, DrainTime, Environment, Expectation, FileMode, FileProbe, FileTemplate, Fixed, Foretold, Fqdn,
    GroupDescription, GroupId, GroupName, HeaderName, HeaderText, HostPath, HttpProbe, IdleTimeout, ImageId, ImageName,
    InstanceId, InstanceName, InstanceType, LocalFile, Param, Percent, PhpProgram, PortProbe, Replacement, RequestBack,
    RequestHeaders, Retried, RulePriority, RunningInstance, SecretRef, Service, SnapshotName, StickyTime, SubnetId,
    TagValue, Target, TargetGroupName, TargetsProbe, Text, TextOrSecret, TimeSpan, Url, VpcId,
};
use super::{Property, Reversibility, Spec, WayBack};
use Reversibility::{NothingToUndo, Reversible, WithLoss};
use std::collections::BTreeMap;

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:literal $kind:ident {
        $($(#[doc = $pdoc:literal])+ $param:ident: $ptype:ty,)*
    } gives { $($output:ident: $otype:ty),* $(,)? } $undo:expr, $back:ident, [$($property:ident),*], usual $usual:literal s, deadline $deadline:literal s;)+) => {
        vocabulary! {
            /// The name of a kind of action.
            kinds ActionKind;
            /// An action with its parameters.
            calls Action;
            specs Spec;
            $($(#[doc = $doc])+ $name $kind { $($(#[doc = $pdoc])+ $param: $ptype,)* } {
                outputs: vec![$((stringify!($output), <$otype as Param>::value_type())),*],
                reversibility: $undo,
                usual_s: $usual,
                deadline_s: $deadline,
            })+
        }

        impl ActionKind {
            /// What the undo of an action of this kind is to the way back.
            #[must_use]
            pub fn way_back(self) -> WayBack {
                match self { $(Self::$kind => WayBack::$back,)+ }
            }

            /// What others must know of an action of this kind.
            #[must_use]
            pub fn properties(self) -> &'static [Property] {
                match self { $(Self::$kind => &[$(Property::$property),*],)+ }
            }
        }
    };
}

actions! {
    // Files, services and commands on a host, over SSH.

    /// Renames a file on a host, e.g. to a name that cron ignores. Refuses when the new name is taken.
    "file.rename" FileRename {
        /// The host.
        on: Target,
        /// The file's path now.
        from: HostPath,
        /// The path afterwards, in the same file system.
        to: HostPath,
    } gives {} Reversible, Restores, [], usual 1 s, deadline 60 s;

    /// Gives a file on a host this content, or makes it where there is none, in one step: whoever reads it sees the old one or the
    /// new one. The plan shows the difference, but nothing of a file that not everybody on the host may read. A copy of what was
    /// there is kept beside it under a hidden name. Undo puts it back to the byte, with owner, group, permissions and time, or
    /// removes the file where none was; it refuses when somebody changed the file since. `content` is no place for a secret: it is
    /// part of the runbook and of every plan.
    /// Where it is a file of systemd's units, systemd reads them anew, after an undo too.
    "file.write" FileWrite {
        /// The host.
        on: Target,
        /// The file, in a directory that is there. A link is followed to its file.
        path: HostPath,
        /// All that is to be in it, to the last line's end; or `template`.
        content: Option<Text>,
        /// The same as a template in Jinja2's syntax, rendered with `values`: `{{ name }}`, `{% for node in nodes %}`, `{% if tls %}`, filters.
        /// A line that only has a block on it is no line of the file. What is used must be among the values.
        template: Option<Fixed<FileTemplate>>,
        /// What the template uses, by name.
        values: Option<BTreeMap<String, Foretold>>,
        /// Its owner. Default: the one it has; of a new file root, or the one user who can write in its directory.
        owner: Option<Account>,
        /// Its group. Default: the one it has; of a new file root's, or that user's own.
        group: Option<Account>,
        /// Its permissions, e.g. `"0640"`. Default: those it has; of a new file `0644`.
        mode: Option<FileMode>,
        /// A service to reload afterwards, and after an undo, if it runs.
        reload: Option<Service>,
        /// A service to restart afterwards, and after an undo, if it runs.
        restart: Option<Service>,
    } gives { backup_sha256: String, sha256: String } Reversible, Restores, [], usual 2 s, deadline 120 s;

    /// Replaces texts in a file, and keeps every other byte. Each must be there exactly so often as is said, or the file is refused
    /// with the lines, while a plan is made already. Copy, plan and undo are as those of `file.write`: of a file that not everybody
    /// on the host may read, the plan shows what is sought and what comes in its place, and nothing else.
    /// Where it is a file of systemd's units, systemd reads them anew, after an undo too.
    "file.edit" FileEdit {
        /// The host.
        on: Target,
        /// The file. A link is followed to its file.
        path: HostPath,
        /// What is replaced, one after the other: each has a `text`, or a `regex` (`^` and `$` are the ends of a line), what comes in
        /// its place as `with` (nothing unless said; after a `regex`, `$1` is its first group, `$$` a dollar sign), and how many
        /// `times` it must be there, once unless said.
        replace: Vec<Replacement>,
        /// A service to reload afterwards, and after an undo, if it runs.
        reload: Option<Service>,
        /// A service to restart afterwards, and after an undo, if it runs.
        restart: Option<Service>,
    } gives { backup_sha256: String, sha256: String } Reversible, Restores, [], usual 2 s, deadline 120 s;

    /// Brings a file from the machine where this tool runs to a host, or makes it of a secret. It goes in pieces, beside its place; cut
    /// off, it goes on where it stood, and it gets its name once all of it is there and has its SHA-256. Who reads the place sees the
    /// old file or the new one. The plan shows size and SHA-256, of a text the difference; a file that is another one by then stops
    /// the action. Copy and undo are as those of `file.write`.
    /// Where it is a file of systemd's units, systemd reads them anew, after an undo too.
    "file.upload" FileUpload {
        /// The host.
        on: Target,
        /// The file there, in a directory that is there. A link is followed to its file.
        path: HostPath,
        /// The file here: one below the runbook's folder, or an input of type `file`.
        from: Option<LocalFile>,
        /// Instead of `from` a secret, e.g. a private key. Nothing of it is shown; its SHA-256 is written down.
        secret: Option<SecretRef>,
        /// Its owner. Default: the one it has; of a new file root, or the one user who can write in its directory.
        owner: Option<Account>,
        /// Its group. Default: the one it has; of a new file root's, or that user's own.
        group: Option<Account>,
        /// Its permissions, e.g. `"0640"`. Default: those it has; of a new file `0644`, of a secret `0600`.
        mode: Option<FileMode>,
        /// A service to reload afterwards, and after an undo, if it runs.
        reload: Option<Service>,
        /// A service to restart afterwards, and after an undo, if it runs.
        restart: Option<Service>,
    } gives { backup_sha256: String, sha256: String } Reversible, Restores, [], usual 10 s, deadline 1800 s;

    /// Has a symbolic link lead elsewhere, or makes it, in one step: whoever follows it comes to the old or to the new. Refuses where
    /// something else than a link is, and when what it is to lead to is not there by then. Undo has it lead where it led, or removes
    /// it where none was; it refuses when somebody changed it since.
    /// Where it is a file of systemd's units, systemd reads them anew, after an undo too.
    "file.link" FileLink {
        /// The host.
        on: Target,
        /// The link.
        path: HostPath,
        /// Where it is to lead, as it is to stand in the link: a path that does not begin with `/` is one from the link's directory.
        to: Text,
        /// A service to reload afterwards, and after an undo, if it runs.
        reload: Option<Service>,
        /// A service to restart afterwards, and after an undo, if it runs.
        restart: Option<Service>,
    } gives {} Reversible, Restores, [], usual 1 s, deadline 60 s;

    /// Unpacks an archive that is on the host (`.tar`, and what tar itself unpacks: gzip, xz, bzip2, zstd) to a folder that it makes: all of
    /// it or nothing. Owners and special bits in the archive do not count. A folder that is there already and has all that is in
    /// the archive is left alone; another one is refused. Undo removes the folder with all that is in it by then.
    "archive.unpack" ArchiveUnpack {
        /// The host.
        on: Target,
        /// The archive there.
        archive: HostPath,
        /// The folder, in a directory that is there.
        to: HostPath,
        /// How many leading names of each member are left out, e.g. 1 for an archive all of which is in one folder. Default: none.
        strip: Option<u16>,
        /// The owner of all of it. Default: root, or the one user who can write in its directory.
        owner: Option<Account>,
        /// Its group. Default: root's, or that user's own.
        group: Option<Account>,
    } gives {} Reversible, CleansUp, [], usual 10 s, deadline 1800 s;

    /// Waits until no process on the host has the text in its command line.
    "process.wait-gone" ProcessWaitGone {
        /// The host.
        on: Target,
        /// A part of the command line, e.g. `nextcloud/cron.php`.
        command: Text,
    } gives {} NothingToUndo("it only waits"), Restores, [OnlyLooks], usual 1 s, deadline 1800 s;

    /// Stops a service, and on request keeps it from starting at boot. Undo restarts it if it ran, and enables it if
    /// it was enabled.
    "service.stop" ServiceStop {
        /// The host.
        on: Target,
        /// The service.
        service: Service,
        /// Also keep it from starting at boot. Default: no.
        disable: Option<bool>,
        /// Whether a host without this service is fine. Default: no.
        missing_ok: Option<bool>,
    } gives {} Reversible, Restores, [Stops], usual 2 s, deadline 120 s;

    /// Restarts a service, or starts one that is stopped, and waits until it is active. Undo stops it again when it was stopped.
    "service.restart" ServiceRestart {
        /// The host.
        on: Target,
        /// The service.
        service: Service,
    } gives {} NothingToUndo("what ran runs on; what was stopped is stopped again"), Restores, [StartsService], usual 3 s, deadline 120 s;

    /// Starts a service that does not run, and waits until it is active; one that runs is left alone. On request it starts at boot from
    /// then on. A unit whose file has changed since systemd read it is read anew before (`systemctl daemon-reload`), as before every
    /// restart and reload. Undo stops it if this run started it, and keeps it from starting at boot if it did not before.
    "service.start" ServiceStart {
        /// The host.
        on: Target,
        /// The service.
        service: Service,
        /// Also have it start at boot. Default: no.
        enable: Option<bool>,
    } gives {} Reversible, Restores, [StartsService], usual 3 s, deadline 120 s;

    /// Has a service read its configuration again; it must run by then. A way back undoes this before it puts back the files that
    /// were changed for it: where the service is to take those again, give `reload` to the action that changes the file, which
    /// reloads it on both ways.
    "service.reload" ServiceReload {
        /// The host.
        on: Target,
        /// The service.
        service: Service,
    } gives {} NothingToUndo("a reload leaves nothing behind but what the service has read"), Restores, [CannotBeSeen], usual 1 s, deadline 120 s;

    /// Turns an nginx site that ends TLS itself into a plain HTTP one behind a balancer, keeping every other byte. All files
    /// that nginx reads are judged before: whether another server has the site's name on port 80, whether nginx could start,
    /// whether a backend is the site itself. The edited file is tried with `nginx -t` in a mount namespace before anything is
    /// changed. A copy is kept beside it; nginx is reloaded if it runs. nginx need not run.
    "nginx.offload-tls" NginxOffloadTls {
        /// The host.
        on: Target,
        /// The site file.
        file: HostPath,
        /// The site's name: chooses the server block, and is what absolute redirects name afterwards.
        fqdn: Fqdn,
        /// The service of nginx, whose unit says which nginx reads which configuration. Default: `nginx`.
        service: Option<Service>,
    } gives { backup: HostPath, backup_sha256: String, sha256: String } Reversible, Restores, [], usual 2 s, deadline 120 s;

    /// Gives nginx what a plain site needs behind a balancer besides its own file, in one file of its own: connections kept
    /// longer than the balancer keeps them, redirects that stay relative, and, where another server would answer it, a
    /// server that hands the balancer's health check to the site. What is so already is left out; with nothing left, no file is
    /// made. Where a line of another file stands in the way it is refused with file and line. nginx is reloaded if it runs. Undo
    /// removes the file.
    "nginx.drop-in" NginxDropIn {
        /// The host.
        on: Target,
        /// The file to make, in a folder whose files nginx includes in `http`; best named by the run.
        file: HostPath,
        /// The site's own file.
        site: HostPath,
        /// The site's name.
        fqdn: Fqdn,
        /// Seconds the balancer keeps a connection on which nothing comes. Default: 60, as AWS's.
        idle_timeout_s: Option<u32>,
        /// What the balancer's health check asks for. Default: `/status.php`.
        health_path: Option<HostPath>,
        /// The service of nginx. Default: `nginx`.
        service: Option<Service>,
    } gives { sha256: String } Reversible, Restores, [], usual 2 s, deadline 120 s;

    /// Sets keys in a PHP configuration file of the form `$CONFIG = array (...)`, keeping every other byte. A copy is
    /// kept beside it; php must accept the result, and only the intended keys may differ.
    "php.set-config" PhpSetConfig {
        /// The host.
        on: Target,
        /// The configuration file.
        file: HostPath,
        /// Keys to set to these values.
        set: Option<BTreeMap<String, Foretold>>,
        /// Keys that are lists: these texts are appended unless they are there.
        append: Option<BTreeMap<String, Foretold>>,
        /// The php program: `php`, `php8.2`, or a path to it below `/usr` or `/opt`. Default: `php`.
        php: Option<PhpProgram>,
        /// A service to reload afterwards, so that no opcode cache keeps the old file.
        reload: Option<Service>,
    } gives { backup: HostPath, backup_sha256: String, sha256: String } Reversible, Restores, [], usual 2 s, deadline 120 s;

    /// Checks that a line is active in cron on exactly one host: the file is there with its plain name on one, hidden
    /// or absent on the others, and no other source (user crontabs, timers) starts the same command.
    "cron.verify-single" CronVerifySingle {
        /// The host where it must be active.
        active_on: Target,
        /// The hosts where it must not be.
        quiet_on: Vec<Target>,
        /// The cron file.
        file: HostPath,
        /// A part of the command that must not be started from elsewhere, e.g. `nextcloud/cron.php`.
        command: Text,
    } gives {} NothingToUndo("it only looks"), Restores, [OnlyLooks], usual 2 s, deadline 120 s;

    /// Learns a host's SSH key and pins it for this run. `known-hosts`: from the operator's own known_hosts;
    /// `console`: from the instance's console output, as cloud-init prints it; `approve`: at first contact, shown to a
    /// person and used only when approved.
    "ssh.pin-host-key" SshPinHostKey {
        /// The host; its own `host_key` is not used here.
        on: Target,
        /// `known-hosts`, `console` or `approve`.
        by: Text,
    } gives { host_key: String, fingerprint: String } NothingToUndo("the pin belongs to the run"), Restores, [LearnsHostKey, AsksAboutHostKey, OnlyLooks], usual 2 s, deadline 600 s;

    // The claim says that somebody is at it: it goes when nothing is left to do.
    /// Claims a host for this run, so that a second operator elsewhere is refused: for hosts that are no instances of AWS. The claim is
    /// a link `/var/lib/runbook/claim` on the host itself, of which there is one, and says run, runbook, operator and time. Undo takes
    /// it off.
    "host.claim" HostClaim {
        /// The host.
        on: Target,
        /// Whether it is made without `sudo`, in the home of whoever logs in (`~/.local/state/runbook/claim`). Then it keeps off only
        /// runs that log in as the same user. Default: no.
        as_user: Option<bool>,
    } gives {} Reversible, CleansUp, [], usual 1 s, deadline 60 s;

    // The claim is put back, before anything that it speaks of.
    /// Takes the claim of `host.claim` off. Refuses when another run has taken it over. Undo claims the host again.
    "host.release" HostRelease {
        /// The host.
        on: Target,
        /// As with the `host.claim` before it.
        as_user: Option<bool>,
    } gives {} Reversible, Restores, [Releases], usual 1 s, deadline 60 s;

    /// Runs a command on a host: `argv`, without a shell, or `shell`. It runs apart from the connection, under a name of its
    /// own: cut off, it runs on and is found again, and it is not begun a second time unless its `check` says that it is not
    /// done, it is `repeatable`, or a person decides so. At its deadline, and by a rollback, it is ended with all its processes.
    "ssh.run" SshRun {
        /// The host.
        on: Target,
        /// Program and arguments, as they are.
        argv: Option<Vec<Argument>>,
        /// Instead of `argv` a text for `sh -eu`: pipes, conditions, several lines. Values come to it by `env`.
        shell: Option<Fixed<Text>>,
        /// Whether it only looks. Then a plan runs it too, where that was allowed (`--allow-commands`), it is repeated as often as
        /// need be, and nothing of it is undone. Default: no.
        reads: Option<Fixed<bool>>,
        /// Run as root by `sudo -n`, its check and its undo too. Default: no.
        sudo: Option<bool>,
        /// Run as this user, its check and its undo too, which takes `sudo -n` to root. Default: whoever logs in.
        user: Option<Account>,
        /// The directory it runs in. Default: where a login begins; of a `user` their home, or `/`.
        cwd: Option<HostPath>,
        /// Environment variables, for its `check` and `undo` too: texts, and secrets. A secret comes to the command by a pipe or a
        /// file that only its user can read and that is gone before it begins, and is blotted out of all that is shown or given on.
        env: Option<Environment>,
        /// What it reads on standard input, a text or a secret. Default: nothing.
        stdin: Option<TextOrSecret>,
        /// Which end is a good one: `status`, a list of exit statuses (0 alone unless said); `stdout`, a regular expression that must
        /// be found in what it printed (`^` and `$` are a line's ends), and `not_stdout`, one that must not; `equals`, what it must
        /// have printed, white space around apart.
        expect: Option<Expectation>,
        /// What others can use of what it printed, by name: `json`, a pointer like `/0/count`; `regex`, of which the first group
        /// counts; or `line`, a number from 1, or from -1 for the last; without one of them all of it. `type` is `string` unless said.
        outputs: Option<Fixed<DeclaredOutputs>>,
        /// A command that exits 0 when the deed is done; asked before, and after the command has ended until it says so. Without it
        /// a command that came to no good end goes to the operator.
        check: Option<CommandLine>,
        /// How long to wait between two looks at the command and at its check. Default: as all waits.
        every: Option<TimeSpan>,
        /// A command that takes it back, half done too; without it the action cannot be undone.
        undo: Option<CommandLine>,
        /// Whether command and undo may be run again when it is not known how they ended, or they failed. Default: no.
        repeatable: Option<bool>,
        /// Ends after which it is run again, as often as the action's `retry` says: exit statuses, and regular expressions for what
        /// it said last: `[75, "connection refused"]`.
        retry_on: Option<Vec<Retried>>,
        /// What it works on, where that is less than all of the host: any words, the same for those that must not work at the same time.
        touches: Option<Vec<Text>>,
    } gives { stdout: String, status: u16 } WithLoss("only as far as its `undo` command goes"), Unknown, [IsAnyDeed, RunsByItself, MayOnlyRead], usual 5 s, deadline 600 s;

    /// Runs a command on the machine where this tool runs: `argv`, without a shell, or `shell`. All is as with `ssh.run`; it is bound
    /// to the machine that began it, and looked for on no other.
    "local.run" LocalRun {
        /// Program and arguments, as they are.
        argv: Option<Vec<Argument>>,
        /// Instead of `argv` a text for `sh -eu`: pipes, conditions, several lines. Values come to it by `env`.
        shell: Option<Fixed<Text>>,
        /// Whether it only looks. Then a plan runs it too, where that was allowed (`--allow-commands`), it is repeated as often as
        /// need be, and nothing of it is undone. Default: no.
        reads: Option<Fixed<bool>>,
        /// The directory it runs in. Default: the one this tool was started in; of another user, the home.
        cwd: Option<HostPath>,
        /// Run as root by `sudo -n`, its check and its undo too. Default: no.
        sudo: Option<bool>,
        /// Run as this user, its check and its undo too, which takes `sudo -n` to root. Default: whoever started this tool.
        user: Option<Account>,
        /// Environment variables, for its `check` and `undo` too: texts, and secrets. A secret comes to the command by a pipe or a
        /// file that only its user can read and that is gone before it begins, and is blotted out of all that is shown or given on.
        env: Option<Environment>,
        /// What it reads on standard input, a text or a secret. Default: nothing.
        stdin: Option<TextOrSecret>,
        /// Which end is a good one: `status`, a list of exit statuses (0 alone unless said); `stdout`, a regular expression that must
        /// be found in what it printed (`^` and `$` are a line's ends), and `not_stdout`, one that must not; `equals`, what it must
        /// have printed, white space around apart.
        expect: Option<Expectation>,
        /// What others can use of what it printed, by name: `json`, a pointer like `/0/count`; `regex`, of which the first group
        /// counts; or `line`, a number from 1, or from -1 for the last; without one of them all of it. `type` is `string` unless said.
        outputs: Option<Fixed<DeclaredOutputs>>,
        /// A command that exits 0 when the deed is done; asked before, and after the command has ended until it says so. Without it
        /// a command that came to no good end goes to the operator.
        check: Option<CommandLine>,
        /// How long to wait between two looks at the command and at its check. Default: as all waits.
        every: Option<TimeSpan>,
        /// A command that takes it back, half done too; without it the action cannot be undone.
        undo: Option<CommandLine>,
        /// Whether command and undo may be run again when it is not known how they ended, or they failed. Default: no.
        repeatable: Option<bool>,
        /// Ends after which it is run again, as often as the action's `retry` says: exit statuses, and regular expressions for what
        /// it said last: `[75, "connection refused"]`.
        retry_on: Option<Vec<Retried>>,
        /// What it works on, where that is less than all of this machine: any words, the same for those that must not work at the same time.
        touches: Option<Vec<Text>>,
    } gives { stdout: String, status: u16 } WithLoss("only as far as its `undo` command goes"), Unknown, [IsAnyDeed, RunsByItself, MayOnlyRead], usual 5 s, deadline 600 s;

    /// Waits until something is so: one of `port`, `http`, `file`, `target_health`, and a command (`argv` or `shell`).
    "wait.for" WaitFor {
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
        /// How long to wait between two looks. Default: as all waits.
        every: Option<TimeSpan>,
        /// How often in a row it must be so. Default: once.
        times: Option<u32>,
        /// Whether an undo waits for the same. Default: no.
        also_after_undo: Option<bool>,
    } gives {} NothingToUndo("it only looks"), Restores, [Probes, MayNeedAws, OnlyLooks], usual 10 s, deadline 600 s;

    /// Sends a request over HTTP from the machine where this tool runs: a webhook, a call of an API. It is sent once: when nobody can
    /// tell whether it arrived, a person decides, unless it has an `idempotency_key`, is `repeatable`, or a `check` tells. What is
    /// certain not to have been sent (no connection), or was refused as a whole (4xx, 503), is no doubt.
    "http.request" HttpRequest {
        /// Where it goes. It is part of the runbook and of every plan: no place for a secret.
        url: Url,
        /// DELETE, GET, HEAD, OPTIONS, PATCH, POST or PUT. Default: POST. Only after GET and HEAD a redirect is followed, within the server.
        method: Option<Text>,
        /// Its headers: texts, and secrets. The `undo` and the `check` send them, too.
        headers: Option<RequestHeaders>,
        /// Its body, a text or a secret.
        body: Option<TextOrSecret>,
        /// Instead of `body` named values, which are sent as JSON. No place for secrets.
        json: Option<BTreeMap<String, Foretold>>,
        /// Which answer is a good one: `status`, a list of statuses and ranges (`"200-299"` unless said); `body` and `not_body`, regular
        /// expressions; `json`, values by pointer, like `/status: ok`.
        expect: Option<AnswerExpectation>,
        /// What others can use of the answer's body, by name, as with `ssh.run`.
        outputs: Option<Fixed<DeclaredOutputs>>,
        /// How long the answer is waited for. Default: 30s.
        timeout: Option<TimeSpan>,
        /// Whether it only looks. Then a plan sends it too, where that was allowed (`--allow-commands`), it is repeated as often as need
        /// be, and nothing of it is undone. Default: no.
        reads: Option<Fixed<bool>>,
        /// The header in which a key is sent by which the server knows a request again, like `Idempotency-Key`: the same in every attempt,
        /// another after an undo. With it the request is sent again when its answer was lost.
        idempotency_key: Option<Text>,
        /// Whether it may be sent again, and its `undo` too, when it is not known what became of it. Default: no.
        repeatable: Option<bool>,
        /// Statuses by which the server says that it did nothing and that it passes; after them it is sent again, as often as the action's
        /// `retry` says. Default: 429 and 503.
        retry_on: Option<Vec<u16>>,
        /// A look that tells whether it is done, as with `wait.for`: `{ url }` and what is to be so. Asked before, when in doubt, and
        /// afterwards until it is so.
        check: Option<HttpProbe>,
        /// A request that takes it back: `{ url }`, and as far as wanted `method` (DELETE unless said), `headers`, `body`, `json`, `expect`;
        /// without it the action cannot be undone.
        undo: Option<RequestBack>,
        /// What it works on, where that is less than all of the server: any words, the same for those that must not work at the same time.
        touches: Option<Vec<Text>>,
    } gives { status: u16 } WithLoss("only as far as its `undo` request goes"), Unknown, [IsAnyDeed, MayOnlyRead], usual 2 s, deadline 300 s;

    // People.

    /// Waits for a person's approval.
    "gate.approve" GateApprove {
        /// What is to be judged.
        prompt: Text,
    } gives {} NothingToUndo("an approval stays given"), Restores, [Asks, OnlyLooks], usual 60 s, deadline 86400 s;

    // Looking things up.

    /// Looks up what later actions need to know of an instance and its network.
    "instance.look-up" InstanceLookUp {
        /// The instance.
        instance: InstanceId,
        /// Used as `ranges` instead of the VPC's own when not empty.
        ranges: Option<Vec<Cidr>>,
        /// Used as `sources` instead of what the instance's security groups admit on 443 when not empty.
        sources: Option<Vec<Cidr>>,
    } gives {
        vpc: VpcId, group: GroupId, groups: Vec<GroupId>, subnet: SubnetId, zone: Text, ranges: Vec<Cidr>, sources: Vec<Cidr>,
        instance_type: InstanceType, name: Text, public_ip: Text,
    } NothingToUndo("it only looks"), Restores, [NeedsAws, LooksUp, OnlyLooks], usual 1 s, deadline 60 s;

    // EC2.

    // The mark says that somebody is at it: it goes when nothing is left to do.
    /// Locks an instance for this run, by an empty security group `runbook-claim-INSTANCE` of which EC2 lets there be one, and
    /// marks it as being worked on (tag `runbook:claim`), so that a second operator elsewhere is refused. Also refuses
    /// instances that a shutdown would destroy or that cannot be stopped and cloned safely.
    "instance.claim" InstanceClaim {
        /// The instance.
        instance: InstanceId,
    } gives { lock: GroupId } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 300 s;

    // The mark is put back, before anything that it speaks of.
    /// Takes the mark and the lock of `instance.claim` away. Refuses when another run has taken them over.
    "instance.release" InstanceRelease {
        /// The instance.
        instance: InstanceId,
    } gives {} Reversible, Restores, [NeedsAws, GivesTags, Releases], usual 2 s, deadline 300 s;

    /// Shuts a guest down from inside and waits until EC2 says `stopped`. Undo starts it, waits for both status checks
    /// and SSH, and stops the services named.
    "instance.shut-down" InstanceShutDown {
        /// The guest.
        on: Target,
        /// Services to stop again after an undo has started the guest (they start at boot).
        stop_after_undo: Option<Vec<Service>>,
    } gives {} Reversible, Restores, [NeedsAws, Stops], usual 35 s, deadline 900 s;

    /// Stops an instance. Undo makes sure that it runs.
    "instance.stop" InstanceStop {
        /// The instance.
        instance: InstanceId,
    } gives {} Reversible, Restores, [NeedsAws, Stops], usual 35 s, deadline 900 s;

    /// Starts a stopped instance and waits for both status checks. Undo leaves it running: what follows a failover test
    /// is a running instance either way.
    "instance.start" InstanceStart {
        /// The instance.
        instance: InstanceId,
    } gives {} NothingToUndo("the instance is to run"), Restores, [NeedsAws, StartsInstance], usual 200 s, deadline 1200 s;

    /// Gives a stopped instance another type and starts it. It is done when EC2 says `running`; `instance.wait-checked` waits for
    /// the status checks. When there is no capacity for the type, the old type is put back, the instance is started with it, and
    /// the run rests. Undo stops it and gives the old type back.
    "instance.start-as" InstanceStartAs {
        /// The instance.
        instance: InstanceId,
        /// The type it is to have.
        instance_type: InstanceType,
    } gives { previous_type: InstanceType } Reversible, Restores, [NeedsAws, StartsInstance], usual 20 s, deadline 1200 s;

    /// Waits until an instance that was started runs and both its status checks have passed.
    "instance.wait-checked" InstanceWaitChecked {
        /// The instance.
        instance: InstanceId,
    } gives {} NothingToUndo("it only waits"), Restores, [NeedsAws, OnlyLooks], usual 170 s, deadline 1200 s;

    /// Begins an image of an instance: of a stopped one, or as `running` says. It is done when each volume has its snapshot, which holds what was on the volume at
    /// that moment: from then on the instance may be started again. The image can be launched from when it is available, for which
    /// `image.wait-available` waits. Undo deregisters it and deletes its snapshots.
    "image.create" ImageCreate {
        /// The instance.
        instance: InstanceId,
        /// The image's name, unique in the account and region.
        name: ImageName,
        /// What is done with an instance that runs: `refuse`; `reboot`, so that its file systems are whole (EC2 does it, and the
        /// instance is away for that minute); or `as-it-is`, which is what is on its disks at that moment, as after a power cut:
        /// file systems with a journal recover, of files that are written just then a part may be missing, and what is in memory
        /// only is not in it (EC2 API reference, CreateImage, `NoReboot`). Default: `refuse`.
        running: Option<RunningInstance>,
    } gives { image: ImageId, snapshots: Vec<String> } Reversible, CleansUp, [NeedsAws, GivesTags], usual 10 s, deadline 1800 s;

    /// Waits until an image is available, so that it can be launched from.
    "image.wait-available" ImageWaitAvailable {
        /// The image.
        image: ImageId,
    } gives {} NothingToUndo("it only waits"), Restores, [NeedsAws, OnlyLooks], usual 400 s, deadline 7200 s;

    /// Runs an instance from an image with everything of another instance that an image does not carry: key pair,
    /// security groups, instance profile, metadata options, public address, monitoring, tags. Undo terminates it.
    "instance.clone" InstanceClone {
        /// The image.
        image: ImageId,
        /// The instance it was made of.
        like: InstanceId,
        /// Where it runs.
        subnet: SubnetId,
        /// Its type.
        instance_type: InstanceType,
        /// Its Name tag.
        name: InstanceName,
    } gives { instance: InstanceId } Reversible, CleansUp, [NeedsAws, GivesTags], usual 200 s, deadline 1200 s;

    // RDS.

    /// Makes a DB instance Multi-AZ or single-AZ at once, and waits until it is so with nothing pending. Refuses when
    /// other changes are pending, for they would be applied too.
    "rds.set-multi-az" RdsSetMultiAz {
        /// The DB instance.
        db: DbId,
        /// Whether it is to be Multi-AZ.
        multi_az: bool,
    } gives {} Reversible, CleansUp, [NeedsAws], usual 640 s, deadline 7200 s;

    // What it was like before something risky, kept until the way back, which does without it, has removed it.
    /// Makes a manual snapshot of a DB instance, and waits until it is available. A name that is taken is refused with whose it is.
    /// Undo deletes it, and waits until it is gone.
    "rds.snapshot" RdsSnapshot {
        /// The DB instance.
        db: DbId,
        /// The snapshot's name, unique in the account and region; best with the run's id in it.
        name: SnapshotName,
    } gives { snapshot: Text, arn: Text } Reversible, CleansUp, [NeedsAws, GivesTags], usual 180 s, deadline 7200 s;

    // Security groups.

    /// Creates a security group.
    "security-group.create" SecurityGroupCreate {
        /// Its name, unique in the VPC.
        name: GroupName,
        /// Its description.
        description: GroupDescription,
        /// Its VPC.
        vpc: VpcId,
    } gives { group: GroupId } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 900 s;

    /// Admits TCP traffic to a port of a security group. A rule that was there is found, and stays after an undo.
    "security-group.admit" SecurityGroupAdmit {
        /// The group.
        group: GroupId,
        /// The port.
        port: u16,
        /// Address ranges to admit.
        ranges: Option<Vec<Cidr>>,
        /// A group whose members to admit.
        source: Option<GroupId>,
    } gives {} Reversible, CleansUp, [NeedsAws, GivesTags], usual 1 s, deadline 120 s;

    // Load balancing.

    /// Creates a target group for HTTP with its health check.
    "target-group.create" TargetGroupCreate {
        /// Its name.
        name: TargetGroupName,
        /// Its VPC.
        vpc: VpcId,
        /// The targets' port.
        port: u16,
        /// The health check's path; it must answer 200.
        health_path: Text,
        /// Seconds a target goes on serving open requests after it was taken out. Default: 30.
        drain_s: Option<DrainTime>,
        /// Keep a visitor on one target by a cookie. Default: no.
        sticky: Option<bool>,
        /// Whether the targets speak TLS: requests and health checks go to them by HTTPS. The balancer does not check their
        /// certificates (ELB user guide, "Routing configuration" of target groups). Default: no.
        tls: Option<bool>,
    } gives { target_group: Arn } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 300 s;

    /// Puts an instance into a target group. Undo takes it out and waits until it is drained.
    "target-group.register" TargetGroupRegister {
        /// The target group.
        target_group: Arn,
        /// The instance.
        instance: InstanceId,
        /// Wait until the balancer calls it healthy; else being registered is enough. Default: no.
        wait_healthy: Option<bool>,
    } gives {} Reversible, CleansUp, [NeedsAws], usual 2 s, deadline 900 s;

    /// Takes an instance out of a target group and waits until it is drained. Undo puts it back and waits until it is
    /// healthy.
    "target-group.deregister" TargetGroupDeregister {
        /// The target group.
        target_group: Arn,
        /// The instance.
        instance: InstanceId,
    } gives {} Reversible, Restores, [NeedsAws], usual 40 s, deadline 900 s;

    /// Deletes a target group that this run has made and no listener uses any more. Undo creates it again, empty, with the same
    /// name and settings: its ARN is another one, and whatever names the old one finds it by its name.
    "target-group.delete" TargetGroupDelete {
        /// The target group.
        target_group: Arn,
    } gives {} Reversible, Restores, [NeedsAws, GivesTags, Removes], usual 2 s, deadline 300 s;

    /// Waits until every one of the instances is healthy by the balancer's own check.
    "target-group.wait-healthy" TargetGroupWaitHealthy {
        /// The target group.
        target_group: Arn,
        /// The instances.
        instances: Vec<InstanceId>,
    } gives {} NothingToUndo("it only waits"), Restores, [NeedsAws, OnlyLooks], usual 20 s, deadline 900 s;

    /// Waits until the balancer no longer sends requests to the instance.
    "target-group.wait-out" TargetGroupWaitOut {
        /// The target group.
        target_group: Arn,
        /// The instance.
        instance: InstanceId,
    } gives {} NothingToUndo("it only waits"), Restores, [NeedsAws, OnlyLooks], usual 20 s, deadline 600 s;

    /// Creates an internet-facing Application Load Balancer and waits until it is active.
    "load-balancer.create" LoadBalancerCreate {
        /// Its name.
        name: BalancerName,
        /// Public subnets in at least two Availability Zones, covering those of the targets.
        subnets: Vec<SubnetId>,
        /// Its security groups.
        groups: Vec<GroupId>,
        /// Seconds a connection may be idle. Default: 60, as AWS's.
        idle_timeout_s: Option<IdleTimeout>,
    } gives { load_balancer: Arn, dns_name: String, dns_zone: String } Reversible, CleansUp, [NeedsAws, GivesTags], usual 164 s, deadline 1200 s;

    /// Creates an HTTPS listener that forwards to a target group.
    "listener.create-https" ListenerCreateHttps {
        /// The balancer.
        load_balancer: Arn,
        /// The port.
        port: u16,
        /// The certificate; it must be issued.
        certificate: Arn,
        /// Where requests go.
        target_group: Arn,
    } gives { listener: Arn } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 300 s;

    /// Splits what a listener forwards between two target groups: so many of a hundred requests go to the one, the rest to the
    /// other. A group that is to get more than before must have a healthy target, which is waited for; until then it gets nothing
    /// new. Undo forwards as before, with the same care.
    "listener.split" ListenerSplit {
        /// The listener.
        listener: Arn,
        /// The target group that gets the rest.
        from: Arn,
        /// The target group that gets the share.
        to: Arn,
        /// So many of a hundred requests go to `to`.
        percent: Percent,
        /// Seconds for which a visitor stays with the group that answered first. A cookie of the balancer says so, and counts
        /// more than the share: both groups stay in the listener, with 0 and 100 too, and who came to the other one stays there
        /// (ELB user guide, "Target group stickiness"). Default: nobody stays; then a group without a share is taken out of the
        /// listener, and who was there is sent to the other.
        sticky_s: Option<StickyTime>,
    } gives {} Reversible, Restores, [NeedsAws], usual 10 s, deadline 900 s;

    /// Adds a rule to a listener: requests with a header go to a target group. So something is tried through the balancer
    /// before anybody else comes there.
    "listener.add-rule" ListenerAddRule {
        /// The listener.
        listener: Arn,
        /// The rule's place among the others of the listener; the lowest number that fits counts. Refused when it is taken.
        priority: RulePriority,
        /// The name of the header.
        header: HeaderName,
        /// What the header must be.
        value: HeaderText,
        /// Where such requests go.
        target_group: Arn,
    } gives { rule: Arn } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 120 s;

    /// Removes a rule that `listener.add-rule` of this run has made. Undo adds it again.
    "listener.remove-rule" ListenerRemoveRule {
        /// The listener.
        listener: Arn,
        /// The rule's place.
        priority: RulePriority,
    } gives {} Reversible, Restores, [NeedsAws, GivesTags, Removes], usual 2 s, deadline 120 s;

    /// Creates an HTTP listener that redirects to HTTPS for good (301).
    "listener.create-redirect" ListenerCreateRedirect {
        /// The balancer.
        load_balancer: Arn,
        /// The port.
        port: u16,
        /// The HTTPS port.
        to_port: u16,
    } gives { listener: Arn } Reversible, CleansUp, [NeedsAws, GivesTags], usual 2 s, deadline 300 s;

    // Certificates and DNS.

    /// Requests a certificate with DNS validation and waits until ACM names the validation record.
    "certificate.request" CertificateRequest {
        /// The name it is for.
        fqdn: CertificateName,
        /// Its Name tag.
        name: TagValue,
    } gives { certificate: Arn, record_name: String, record_value: String } Reversible, CleansUp, [NeedsAws, GivesTags], usual 5 s, deadline 900 s;

    /// Puts a CNAME record into a hosted zone and waits until it is in sync; with `external`, shows it and waits until
    /// it is there. A record that was there is found, and stays after an undo.
    "dns.put-cname" DnsPutCname {
        /// The zone.
        zone: DnsZone,
        /// The record's name.
        name: Text,
        /// Its value.
        value: Text,
        /// Its TTL in seconds. Default: 300.
        ttl: Option<u32>,
    } gives { change: String } Reversible, CleansUp, [NeedsAws, AsksForRecord], usual 38 s, deadline 86400 s;

    /// Waits until a certificate is issued.
    "certificate.wait-issued" CertificateWaitIssued {
        /// The certificate.
        certificate: Arn,
    } gives {} NothingToUndo("it only waits"), Restores, [NeedsAws, OnlyLooks], usual 105 s, deadline 14400 s;

    /// Shortens for how long caches keep what a name leads to, and waits until none has the old answer any more: a change of the
    /// name is then known everywhere soon. Undo brings the old TTL back.
    "dns.lower-ttl" DnsLowerTtl {
        /// The zone.
        zone: DnsZone,
        /// The name.
        fqdn: Fqdn,
        /// The TTL in seconds that its records have at most afterwards.
        ttl: u32,
    } gives { change: String } Reversible, CleansUp, [NeedsAws, AsksForRecord], usual 300 s, deadline 172800 s;

    /// Points a name at a load balancer (alias A, an AAAA goes, for the balancer has no such address; a CNAME stays a CNAME) and waits until
    /// it is in sync and resolves. Undo brings the old record sets back.
    "dns.point-at-balancer" DnsPointAtBalancer {
        /// The zone.
        zone: DnsZone,
        /// The name.
        fqdn: Fqdn,
        /// The balancer's DNS name.
        dns_name: Text,
        /// The balancer's own zone, for an alias.
        dns_zone: Text,
        /// The instance the name pointed at before: if the old address was its and has changed since, undo points at
        /// the address it has then.
        instance: Option<InstanceId>,
        /// The public address that instance had before this run stopped it (`public_ip` of `instance.look-up`; empty when
        /// it had none). Default: the one it has when this action looks, which is another one by then unless it is an
        /// Elastic IP.
        instance_address: Option<Text>,
        /// Whether it waits, there and back, until no cache may have the name's earlier answer any more: the TTL that its record
        /// had, 60 s of an alias (Route 53 developer guide, "Choosing between alias and non-alias records"). Default: no.
        wait_for_caches: Option<bool>,
    } gives { change: String } Reversible, Restores, [NeedsAws, AsksForRecord], usual 40 s, deadline 86400 s;

    // Checks, as a user of the site.

    /// Expects an answer from a URL: status, and where it redirects to. Undo expects the same answer again.
    "http.expect" HttpExpect {
        /// The URL.
        url: Url,
        /// The status expected, e.g. 200.
        status: u16,
        /// The redirect's target expected; compared as normalised URLs.
        location: Option<Url>,
        /// Whether an undo expects the same answer. Default: no.
        also_after_undo: Option<bool>,
    } gives {} NothingToUndo("it only looks"), Restores, [OnlyLooks], usual 1 s, deadline 120 s;

    /// Uses a Nextcloud site as a user does: trusted certificate, log in by the form, upload a file at once and one in
    /// chunks, download them (the first through each of the hosts too), compare, remove them (from the trash bin too), log
    /// out.
    "nextcloud.check" NextcloudCheck {
        /// The site's name.
        fqdn: Fqdn,
        /// Connect to this name instead of what DNS says, e.g. the balancer's own before DNS is changed.
        via: Option<Text>,
        /// The name of a header of every request, e.g. that for which a listener's rule asks (`listener.add-rule`).
        header: Option<HeaderName>,
        /// What that header is.
        header_value: Option<HeaderText>,
        /// The name of a local user without two-factor login.
        user: Text,
        /// A reference to the user's own password; the login form takes no app password.
        password: SecretRef,
        /// Hosts through each of which the file must be downloadable.
        through: Option<Vec<Target>>,
        /// An instance that is stopped for this check. When the check fails for good it is started and waited for before
        /// the run rests; and the check is not made while it runs, for it would prove nothing.
        start_if_it_fails: Option<InstanceId>,
    } gives {} NothingToUndo("it removes its files"), Restores, [], usual 5 s, deadline 600 s;

}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_unique_and_described() {
        let mut names: Vec<&str> = ActionKind::ALL.iter().map(|k| k.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ActionKind::ALL.len());
        for kind in ActionKind::ALL {
            let spec = kind.spec();
            assert!(spec.about.len() > 20, "{kind}");
            assert!(spec.usual_s <= spec.deadline_s, "{kind}");
            assert!(spec.params.iter().all(|p| p.about.len() > 3), "{kind}");
        }
    }

    #[test]
    fn parameters_are_decoded_and_unknown_ones_refused() {
        let on = json!({"name": "web-1", "instance": "i-0123456789abcdef0"});
        let good = json!({"on": on, "service": "nginx"});
        let Action::ServiceStop(stop) = Action::decode(ActionKind::ServiceStop, &good.into()).unwrap() else {
            panic!("kind")
        };
        assert_eq!(stop.disable, None);
        let bad = json!({"on": on, "service": "nginx", "disabled": true});
        assert!(Action::decode(ActionKind::ServiceStop, &bad.into()).unwrap_err().to_string().contains("disabled"));
    }
}
