//! A headless Chromium that shows a page and answers questions about it, over its debugging pipe.
//!
//! Each has an empty profile of its own, and opens files of this machine only. Where Chromium or axe-core is missing the
//! test fails and says what to type; nothing is skipped.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const CHROMIUM: &str = "/usr/bin/chromium";

/// A running browser with one page.
pub(crate) struct Browser {
    child: Child,
    commands: File,
    answers: BufReader<File>,
    session: Option<String>,
    last: u64,
    /// How many pages were loaded.
    loaded: u32,
    /// What the page's console said, and every address that was asked for.
    pub(crate) console: Vec<String>,
    pub(crate) asked_for: Vec<String>,
    profile: tempfile::TempDir,
}

impl Browser {
    /// A browser that shows this file.
    pub(crate) fn open(page: &Path) -> Self {
        assert!(Path::new(CHROMIUM).exists(), "{CHROMIUM} is missing: `apt-get install chromium` (tests/run does it)");
        let profile = tempfile::tempdir().unwrap();
        let (down, up) = (profile.path().join("commands"), profile.path().join("answers"));
        let made = Command::new("mkfifo").args([&down, &up]).status().unwrap();
        assert!(made.success(), "mkfifo failed");
        // Chromium reads commands from descriptor 3 and answers on 4; both ends are open before it starts.
        let child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<>"$DOWN" 4<>"$UP""#, CHROMIUM])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .arg("about:blank")
            .envs([("DOWN", &down), ("UP", &up)])
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let both = |path: &PathBuf| OpenOptions::new().read(true).write(true).open(path).unwrap();
        let (commands, answers) = (both(&down), BufReader::new(both(&up)));
        let (console, asked_for, loaded) = (Vec::new(), Vec::new(), 0);
        let mut browser =
            Self { child, commands, answers, session: None, last: 0, loaded, console, asked_for, profile };
        browser.attach();
        browser.show(page);
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = self.call("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    /// Shows a file, and waits until it is loaded.
    pub(crate) fn show(&mut self, page: &Path) {
        self.go(&format!("file://{}", page.display()));
    }

    /// Goes to an address of this machine, and waits until the page is loaded.
    pub(crate) fn go(&mut self, url: &str) {
        let before = self.loaded;
        self.call("Page.navigate", &json!({ "url": url }));
        // It may have come before the answer.
        while self.loaded == before {
            self.read();
        }
    }

    /// Sends a command and waits for its answer; what is said meanwhile is kept.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.answers.read_until(0, &mut bytes).unwrap();
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.consoleAPICalled") => self.console.push(params["args"].to_string()),
            Some("Runtime.exceptionThrown") => self.console.push(params["exceptionDetails"].to_string()),
            Some("Page.loadEventFired") => self.loaded += 1,
            Some("Log.entryAdded") => self.console.push(params["entry"].to_string()),
            Some("Network.requestWillBeSent") => {
                self.asked_for.push(params["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            _ => {}
        }
        message
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Presses and releases a key, as a person does.
    pub(crate) fn press(&mut self, key: &str, code: u32, text: &str) {
        let key = |kind: &str| {
            json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                "text": if kind == "keyUp" { "" } else { text } })
        };
        self.call("Input.dispatchKeyEvent", &key("keyDown"));
        self.call("Input.dispatchKeyEvent", &key("keyUp"));
    }

    /// Shows the page as a reader with this choice of colours has it, in a window of this width.
    pub(crate) fn dress(&mut self, scheme: &str, width: u32) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" }
        ]);
        self.call("Emulation.setEmulatedMedia", &json!({ "media": "screen", "features": features }));
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// A picture of the whole page.
    pub(crate) fn picture(&mut self, file: &Path) {
        let size = self.call("Page.getLayoutMetrics", &json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let data = self.call("Page.captureScreenshot", &params)["data"].as_str().unwrap().to_owned();
        let picture = self.piped(&["base64", "-d"], data.as_bytes());
        assert!(picture.starts_with(b"\x89PNG"), "it is no picture");
        std::fs::write(file, picture).unwrap();
    }

    /// The printed page: the PDF, and the text in it, its white space made one.
    pub(crate) fn print(&mut self) -> (Vec<u8>, String) {
        self.call("Emulation.setEmulatedMedia", &json!({ "media": "", "features": [] }));
        let params =
            json!({ "preferCSSPageSize": true, "printBackground": true, "paperWidth": 8.27, "paperHeight": 11.69 });
        let data = self.call("Page.printToPDF", &params)["data"].as_str().unwrap().to_owned();
        let pdf = self.piped(&["base64", "-d"], data.as_bytes());
        let text = self.piped(&["pdftotext", "-layout", "-", "-"], &pdf);
        let text = String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        (pdf, text)
    }

    fn piped(&self, command: &[&str], input: &[u8]) -> Vec<u8> {
        let file = self.profile.path().join("input");
        std::fs::write(&file, input).unwrap();
        let output = Command::new(command[0]).args(&command[1..]).stdin(File::open(file).unwrap()).output();
        let output = output.unwrap_or_else(|error| {
            panic!("`{}`: {error}; `apt-get install poppler-utils` (tests/run does it)", command[0])
        });
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What axe-core finds wrong for people who use assistive technology, impact `serious` and `critical` only.
    pub(crate) fn axe(&mut self) -> Vec<Value> {
        let source = std::fs::read_to_string(axe_file()).unwrap_or_else(|error| {
            panic!("{} cannot be read ({error}): {}", axe_file().display(), axe_remedy());
        });
        self.evaluate(&format!("{source};0"));
        let found = self.evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => \
             ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary) })))",
        );
        let all = found.as_array().unwrap().clone();
        all.into_iter().filter(|v| v["impact"] == "serious" || v["impact"] == "critical").collect()
    }
}

/// Where `tests/run` installs axe-core.
fn axe_file() -> PathBuf {
    axe_home().join("node_modules/axe-core/axe.min.js")
}

fn axe_home() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    cache.or(home).unwrap().join("runbook/axe")
}

fn axe_remedy() -> String {
    format!("`npm ci --ignore-scripts` with tests/axe's files in {} (tests/run does it)", axe_home().display())
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The profile goes with its directory; a browser that is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(self.profile.path().join("profile"));
    }
}
