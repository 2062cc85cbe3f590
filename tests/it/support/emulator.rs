//! An emulated AWS account for one test: no namespaces, no hosts, only the API.
//!
//! The SDK's endpoint and credentials come from the environment, which a test may not change in its own process. So a test
//! has two halves: the outer one starts the emulator and runs the test program again with the environment set; the inner one,
//! marked `#[ignore]`, does the work.

use crate::support::world::single_to_ha;
use runbook::rehearsal::{Cache, setup};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const URL: &str = "RUNBOOK_TEST_EMULATOR";

/// The region the account is used in.
pub(crate) const REGION: &str = "us-east-1";

/// For how many looks what was just made is not found yet: none, for a test that makes things itself looks at them at once.
/// `RUNBOOK_TEST_LAG` says another number.
fn lag() -> u32 {
    std::env::var("RUNBOOK_TEST_LAG").ok().and_then(|lag| lag.parse().ok()).unwrap_or(0)
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn short(mut ids: Value) -> Value {
    let host = ids["hosts"]["nextcloud-web-1"].clone();
    let (db, endpoint) = ids["databases"].as_object().unwrap().iter().next().unwrap();
    let more = json!({
        "instance": host["instance"], "private_ip": host["address"], "public_ip": host["public"],
        "allocation_id": host["allocation"], "db": db, "db_endpoint": endpoint, "zone": ids["zones"]["nextcloud.example"],
        "fqdn": "cloud.nextcloud.example", "web_group": ids["groups"]["nextcloud-web"], "bucket": "nextcloud-files",
    });
    ids.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ids
}

/// Runs the ignored test `name` (its whole path) beside an emulator of its own.
pub(crate) async fn beside_an_emulator(name: &str) {
    let say = |what: &str| eprintln!("{what}");
    let prepared = setup::ensure(&Cache::of_account().unwrap(), false, setup::Carry::default(), &say)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let serve = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rehearsal/emulator/serve.py");
    let mut python = Command::new(prepared.venv.join("bin/python"));
    let emulator = python.args([serve, "--port", "0"]).env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::piped());
    let mut emulator = Running(emulator.stderr(Stdio::inherit()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(emulator.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("the emulator said {line:?}"));
    let status = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture"])
        .envs([(URL, url), ("AWS_ENDPOINT_URL", url), ("AWS_REGION", REGION)])
        .envs([("AWS_ACCESS_KEY_ID", "AKIAREHEARSALLAB0000"), ("AWS_SECRET_ACCESS_KEY", "secret")])
        .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null")])
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env_remove("AWS_PROFILE")
        .status()
        .unwrap();
    assert!(status.success(), "`{name}` failed, see above");
    let place = url.trim_start_matches("http://").to_owned();
    let troubles = Emulator { place }.state()["troubles"].clone();
    assert_eq!(troubles, json!([]), "`{name}` and the emulator do not speak as AWS's model has it");
}

/// The emulator beside which this process runs.
#[derive(Clone)]
pub(crate) struct Emulator {
    place: String,
}

impl Emulator {
    pub(crate) fn here() -> Self {
        let url = std::env::var(URL).expect("run by its outer half");
        Self { place: url.trim_start_matches("http://").to_owned() }
    }

    /// Where it answers, `host:port`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The account of `single-to-ha`'s world; answers its ids, those of its one server, database and zone by short names. From here on a request that AWS would take for none fails the
    /// test. `RUNBOOK_TEST_SETTINGS='{"page_size": 1}'` sets what else the emulator can do (its `state.py`).
    pub(crate) fn seed(&self) -> Value {
        let lag = lag();
        let slow = json!({"judge_caller": true, "new_ticks": lag, "tag_ticks": lag.min(1), "snapshot_ticks": lag});
        self.post("config", &slow);
        if let Ok(settings) = std::env::var("RUNBOOK_TEST_SETTINGS") {
            self.post("config", &serde_json::from_str(&settings).expect("RUNBOOK_TEST_SETTINGS is JSON"));
        }
        short(self.post("seed", &single_to_ha().account()))
    }

    /// The next `times` calls of this action fail with `code`.
    pub(crate) fn refuse(&self, service: &str, action: &str, code: &str, times: u32) {
        self.post("fault", &json!({"service": service, "action": action, "code": code, "times": times}));
    }

    /// The next call of this action is carried out, and its answer lost: what comes back is an error that says so.
    pub(crate) fn lose_answer(&self, service: &str, action: &str) {
        let fault = json!({"service": service, "action": action, "code": "InternalFailure", "times": 1, "after": true});
        self.post("fault", &fault);
    }

    /// How often this action was called.
    pub(crate) fn calls(&self, action: &str) -> usize {
        let calls = self.get("calls");
        calls.as_array().unwrap().iter().filter(|call| call[1] == action).count()
    }

    pub(crate) fn state(&self) -> Value {
        self.get("state")
    }

    pub(crate) fn get(&self, name: &str) -> Value {
        self.request("GET", name, "")
    }

    pub(crate) fn post(&self, name: &str, body: &Value) -> Value {
        self.request("POST", name, &body.to_string())
    }

    fn request(&self, method: &str, name: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.place).unwrap();
        let length = body.len();
        let place = &self.place;
        let head = format!("{method} /plus/{name} HTTP/1.0\r\nHost: {place}\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "/plus/{name}: {answer}");
        serde_json::from_str(body).unwrap()
    }
}
