//! A region for a test: the test program executes itself in new namespaces, and the second half of the test runs there.
//!
//! It needs what `runbook doctor` lists; where that is missing the test fails and says what to type.

use crate::support::world::{Site, single_to_ha};
use aws_sdk_ec2::types::InstanceStateName;
use runbook::access::{Aws, Clients, HttpOptions, Settings, http_client};
use runbook::rehearsal::{Cache, Region, RegionSpec, enter, raise, setup};
use std::future::Future;
use std::time::{Duration, Instant};

const SPEC: &str = "RUNBOOK_TEST_REGION";

/// How long a region's test may take: far longer than any does, for a machine that has much else to do.
pub(crate) const LIMIT: Duration = Duration::from_secs(900);

/// Makes a machine on which no control groups can be made, so that hosts have no systemd. The name lets the next region take
/// the group away.
pub(crate) const WITHOUT_GROUPS: &str = "mount -t cgroup2 cgroup2 /mnt
    group=/mnt$(sed -n 's,^0::,,p' /proc/self/cgroup)/runbook-lab-full-$$
    mkdir $group; echo 0 >$group/cgroup.max.descendants; echo $$ >$group/cgroup.procs";

/// Runs an ignored test, e.g. `lab::inside::NAME`, as a region of its own.
pub(crate) async fn in_a_region(test: &str, limit: Duration) {
    in_a_region_on("", test, limit).await;
}

/// The same on a machine that this script has changed, in a mount namespace of its own; as root.
pub(crate) async fn in_a_region_on(change: &str, test: &str, limit: Duration) {
    let say = |what: &str| eprintln!("{what}");
    let prepared = setup::ensure(&Cache::of_account().unwrap(), false, setup::Carry::default(), &say)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let spec = RegionSpec::new(folder.path().to_path_buf(), prepared.clone(), single_to_ha());
    let program = std::env::current_exe().unwrap();
    let mut command = enter::command(prepared.rootless, &program, &[test, "--exact", "--ignored", "--nocapture"]);
    if !change.is_empty() {
        let inner = command.as_std();
        let mut outer = std::process::Command::new("unshare");
        outer.args(["--mount", "sh", "-euc", &format!("{change}\nexec \"$@\""), "machine"]);
        outer.arg(inner.get_program()).args(inner.get_args());
        let set = inner.get_envs().filter_map(|(key, value)| Some((key, value?)));
        outer.envs(set);
        command = outer.into();
        command.kill_on_drop(true);
    }
    command
        .env(SPEC, serde_json::to_string(&spec).unwrap())
        .env("AWS_ENDPOINT_URL", "http://10.77.0.1:5000")
        .env("AWS_ACCESS_KEY_ID", "AKIAREHEARSALLAB0000")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let status = tokio::time::timeout(limit, enter::run(command)).await;
    let log = std::fs::read_to_string(folder.path().join("logs/region.log")).unwrap_or_default();
    assert_eq!(status.expect("the region ends in time").unwrap(), 0, "the region's log:\n{log}");
}

/// Looks again and again until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(300) {
        if let Some(answer) = look().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    panic!("{what}: not within 300 s");
}

/// The region, seen by the test inside it.
pub(crate) struct Lab {
    pub(crate) region: Region,
    pub(crate) aws: Clients,
}

/// Runs `body` as the region's one process beside pid 1; nothing when this process only is pid 1.
pub(crate) async fn region(body: impl AsyncFnOnce(&Lab)) {
    let spec = std::env::var(SPEC).expect("only the test of the same name starts this one");
    if enter::is_init() {
        let status = enter::be_init().await.unwrap();
        assert_eq!(status, 0, "the test inside failed");
        return;
    }
    let spec: RegionSpec = serde_json::from_str(&spec).unwrap();
    let region = raise(&spec, &|_| ()).await.unwrap_or_else(|error| panic!("{error}"));
    let aws = Aws::connect(&region.account().region).await.read;
    let lab = Lab { region, aws };
    body(&lab).await;
    assert_eq!(lab.region.troubles(), Vec::<String>::new());
    lab.region.stop().await;
}

impl Lab {
    pub(crate) fn client(&self) -> reqwest::Client {
        self.client_with(&HttpOptions::default())
    }

    pub(crate) fn client_with(&self, options: &HttpOptions) -> reqwest::Client {
        let environment = self.region.environment();
        let settings = Settings {
            ssh_config: None,
            trust: Some(environment["RUNBOOK_TRUST_CA"].clone().into()),
            poll: Settings::POLL,
            pace: runbook::model::Pace::USUAL,
            work_dir: self.region.folder().into(),
            kept_dir: std::env::temp_dir(),
        };
        http_client(&settings, options).unwrap()
    }

    /// What the account of `single-to-ha`'s world has, by short names.
    pub(crate) fn account(&self) -> Site {
        Site::of(self.region.account())
    }

    pub(crate) fn site(&self, path: &str) -> String {
        format!("https://{}{path}", self.account().fqdn)
    }

    /// What is made from here on is found at once, and lists come whole: for a test that does in the account what it wants
    /// to see in the lab.
    pub(crate) async fn consistent(&self) {
        let at_once = serde_json::json!({
            "new_ticks": 0, "tag_ticks": 0, "snapshot_ticks": 0, "page_size": 0, "empty_pages": false,
        });
        self.region.emulator().configure(at_once).await.unwrap();
    }

    /// Runs a script as root on a host and answers what it wrote.
    pub(crate) async fn on(&self, instance: &str, script: &str) -> String {
        let host = self.region.host(instance).unwrap();
        let output = host.command(&["bash", "-ec", script]).expect("the host is up").output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{script}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    pub(crate) async fn state(&self, instance: &str) -> InstanceStateName {
        let found = self.aws.ec2.describe_instances().instance_ids(instance).send().await.unwrap();
        found.reservations()[0].instances()[0].state().unwrap().name().unwrap().clone()
    }

    pub(crate) async fn reaches(&self, instance: &str, wanted: InstanceStateName) {
        eventually(&format!("{instance} {wanted}"), || async { (self.state(instance).await == wanted).then_some(()) })
            .await;
    }
}
