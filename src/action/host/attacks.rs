//! Tests: whoever owns the directory in which a script works puts links under the names that it uses, and gains nothing.
//!
//! They need root, a C compiler and the user 33 (`www-data`); who is not root gets there by `sudo -n`. The attacker and the
//! scripts that he won against are in `tests/data/attacks`.

use super::file_scripts::{COPY, LARGEST, LOOK, PUT_BACK, READ, REMOVE, STAGE};
use super::place::{Hand, HostPlace, LastLink};
use super::place_scripts::WALK;
use super::rename::RENAME;
use crate::model::sha256;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// Who owns the directory.
const ATTACKER: u32 = 33;
/// What only root may read.
const CANARY: &str = "canary-of-root";
/// How often each kind of attack is tried.
const TRIES: usize = 145;
/// How often the attacker must win against the scripts of before: within 20 tries where nothing else is under way, and in no more
/// than are then made against those of now. What else the machine does decides who is faster, so that is not counted on.
const WINS_BEFORE: usize = 5;

/// Whether this process is root. If not, the test of this name is run again as root, and must pass.
pub(super) fn is_root(test: &str) -> bool {
    if rustix::process::geteuid().is_root() {
        return true;
    }
    let mut again = Command::new("sudo");
    again.args(["-n", "--"]).arg(std::env::current_exe().unwrap()).args(["--exact", test]);
    let output = again.output().expect("`sudo`, for this test needs root");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    false
}

/// What is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Looking at a file, and reading it.
    Look,
    /// Keeping a copy.
    Copy,
    /// Staging new content: its attributes end on somebody else's file.
    Stage,
    /// Staging new content: the attacker's program gets the attributes of one that runs as root.
    StageProgram,
    /// Putting the copy back.
    PutBack,
    /// Giving a file another name, in a directory that is exchanged.
    Rename,
    /// Removing the copy, in a directory that is exchanged.
    Remove,
}

const DEEDS: [Deed; 7] =
    [Deed::Look, Deed::Copy, Deed::Stage, Deed::StageProgram, Deed::PutBack, Deed::Rename, Deed::Remove];

/// Which scripts do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Those of before, as root.
    Before,
    /// Those of now, as whom the walk says.
    Now,
}

/// An attacker at work; he ends with the test at the latest.
struct Attacker(Child);

impl Attacker {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.end();
    }
}

/// A directory of the attacker's, and root's files beside it.
struct Ground {
    dir: TempDir,
    attacker: PathBuf,
}

fn make(path: &Path, content: &[u8], owner: u32, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    chown(path, Some(owner), Some(owner)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn link(path: &Path, to: &Path) {
    symlink(to, path).unwrap();
    std::os::unix::fs::lchown(path, Some(ATTACKER), Some(ATTACKER)).unwrap();
}

fn script_of_before(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/attacks/before").join(name);
    fs::read_to_string(path).unwrap()
}

/// Runs a program of root's, and brings it this input.
pub(super) fn root(argv: &[String], stdin: &[u8]) -> Output {
    let mut child = Command::new(&argv[0])
        .args(&argv[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

impl Ground {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("runbook-attacks-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let attacker = dir.path().join("attacker");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/attacks/attacker.c");
        let made = Command::new("cc").arg("-O1").arg("-o").arg(&attacker).arg(source).status().unwrap();
        assert!(made.success());
        Self { dir, attacker }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    /// Everything as it is before a try; nobody attacks while it is made.
    fn reset(&self) {
        for folder in ["config", "root", "secret"] {
            let _ = fs::remove_dir_all(self.at(folder));
        }
        let content = "<?php # the attacker's\n".repeat(3_000);
        for name in ["config/config.php", "config/kept", "config/kept.part", "config/kept.new", "config/sub/config.php"]
        {
            make(&self.at(name), content.as_bytes(), ATTACKER, 0o640);
        }
        make(&self.at("config/program"), b"attacker's program", ATTACKER, 0o755);
        make(&self.at("config/jobs/job"), b"attacker's job", ATTACKER, 0o644);
        make(&self.at("root/passwd"), b"root's", 0, 0o644);
        make(&self.at("root/jobs/job"), b"root's job", 0, 0o644);
        make(&self.at("root/sub/kept.part"), b"root's part", 0, 0o644);
        make(&self.at("root/sudo"), b"root's program", 0, 0o4755);
        make(&self.at("secret/config.php"), format!("<?php # {CANARY}").as_bytes(), 0, 0o600);
        fs::set_permissions(self.at("secret"), fs::Permissions::from_mode(0o700)).unwrap();
        for folder in ["config", "config/sub", "config/jobs"] {
            chown(self.at(folder), Some(ATTACKER), Some(ATTACKER)).unwrap();
        }
        for (name, to) in [("passwd", "root/passwd"), ("sudo", "root/sudo"), ("secret", "secret/config.php")] {
            link(&self.at("config").join(format!("to-{name}")), &self.at(to));
        }
        for name in ["jobs", "sub"] {
            link(&self.at("config").join(format!("to-{name}")), &self.at("root").join(name));
        }
    }

    /// What must not change, whoever attacks.
    fn roots_files(&self) -> Vec<(PathBuf, Vec<u8>, u32, u32, u32)> {
        let mut all = Vec::new();
        let mut folders = vec![self.at("root"), self.at("secret")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                if meta.is_dir() {
                    folders.push(path);
                    continue;
                }
                all.push((path.clone(), fs::read(&path).unwrap(), meta.uid(), meta.gid(), meta.mode()));
            }
        }
        all.sort();
        all
    }

    /// A program of the attacker's that root would be when it is run.
    fn is_rooted(&self) -> bool {
        fs::read_dir(self.at("config")).unwrap().any(|entry| {
            let meta = fs::symlink_metadata(entry.unwrap().path()).unwrap();
            meta.is_file() && meta.uid() == 0 && meta.mode() & 0o4000 != 0
        })
    }

    fn attack(&self, deed: Deed) -> Attacker {
        let name = |name: &str| self.text(&format!("config/{name}"));
        let arguments = match deed {
            Deed::Look => vec!["swap".to_owned(), name("config.php"), name("to-secret")],
            Deed::Copy => vec!["plant".to_owned(), name("kept.part"), self.text("root/passwd")],
            Deed::Stage => vec!["follow".to_owned(), name("kept.new"), name("to-passwd")],
            Deed::StageProgram => {
                vec!["replace".to_owned(), name("kept.new"), name("program"), name("config.php"), name("to-sudo")]
            }
            Deed::PutBack => vec!["plant".to_owned(), name("kept.new"), self.text("root/passwd")],
            Deed::Rename => vec!["swap".to_owned(), name("jobs"), name("to-jobs")],
            Deed::Remove => vec!["swap".to_owned(), name("sub"), name("to-sub")],
        };
        let mut child = Command::new(&self.attacker)
            .arg(ATTACKER.to_string())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n");
        Attacker(child)
    }

    /// The scripts with their arguments and what they read; the walks that go before them are to these paths.
    fn scripts(&self, deed: Deed, by: By) -> Vec<(String, Vec<String>, Vec<u8>)> {
        let name = |name: &str| self.text(&format!("config/{name}"));
        let sum = |name: &str| sha256(fs::read(self.at("config").join(name)).unwrap());
        let fresh = "<?php # new\n".repeat(3_000).into_bytes();
        let one = |before: &str, now: &'static str, arguments: Vec<String>, stdin: &[u8]| {
            let script = if by == By::Before { script_of_before(before) } else { now.to_owned() };
            vec![(script, arguments, stdin.to_vec())]
        };
        let largest = LARGEST.to_string();
        match deed {
            Deed::Look => {
                let all = vec![name("config.php"), largest];
                [one("look.sh", LOOK, all.clone(), b""), one("read.sh", READ, all, b"")].concat()
            }
            Deed::Copy => {
                let arguments =
                    vec![name("config.php"), name("kept"), sum("config.php"), name("aside"), name("kept.part")];
                fs::remove_file(self.at("config/kept")).unwrap();
                one("copy.sh", COPY, arguments, b"")
            }
            Deed::Stage | Deed::StageProgram => {
                one("stage.sh", STAGE, vec![name("config.php"), name("kept.new"), sha256(&fresh)], &fresh)
            }
            Deed::PutBack => {
                let (kept, now) = (sum("kept"), sum("config.php"));
                one("put-back.sh", PUT_BACK, vec![name("config.php"), name("kept"), kept, name("kept.new"), now], b"")
            }
            Deed::Rename => one("rename.sh", RENAME, vec![name("jobs/job"), name("jobs/.job")], b""),
            Deed::Remove => {
                let names = ["sub/kept", "sub/none", "sub/kept.new", "sub/kept.part"].map(name).to_vec();
                one("remove.sh", REMOVE, names, b"")
            }
        }
    }

    /// As whom the walk says that this path is worked on; nothing when it is refused, or led astray so far that it ends.
    fn hand(&self, path: &str) -> Option<Hand> {
        let output = root(&["sh", "-euc", WALK, "runbook", path, "keep"].map(str::to_owned), b"");
        HostPlace::parse(&String::from_utf8(output.stdout).unwrap())?.ok().map(|place| place.hand)
    }

    /// Does the deed once; answers whether each script ended well, and what they printed.
    fn work(&self, deed: Deed, by: By) -> (bool, String) {
        let mut printed = String::new();
        for (script, arguments, stdin) in self.scripts(deed, by) {
            let hand = match by {
                By::Before => Some(Hand::Root),
                By::Now => self.hand(&arguments[0]),
            };
            let Some(hand) = hand else { return (false, printed) };
            let by_hand = hand.script("", [""; 0]);
            let mut argv = by_hand.argv()[3..].to_vec();
            let place = argv.iter().position(String::is_empty).unwrap();
            argv[place] = script;
            argv.extend(arguments);
            let output = root(&argv, &stdin);
            printed.push_str(&String::from_utf8_lossy(&output.stdout));
            printed.push_str(&String::from_utf8_lossy(&output.stderr));
            if !output.status.success() {
                return (false, printed);
            }
        }
        (true, printed)
    }

    /// One try, from the beginning; answers whether the attacker won.
    fn is_won(&self, deed: Deed, by: By) -> bool {
        self.reset();
        let before = self.roots_files();
        let mut attacker = self.attack(deed);
        let (_, printed) = self.work(deed, by);
        attacker.end();
        self.roots_files() != before || self.is_rooted() || printed.contains(CANARY)
    }
}

#[test]
fn whoever_owns_the_directory_wins_nothing() {
    if !is_root("action::host::attacks::whoever_owns_the_directory_wins_nothing") {
        return;
    }
    let ground = Ground::new();
    for deed in DEEDS {
        // Unattacked, it does what it is there for.
        ground.reset();
        let (done, printed) = ground.work(deed, By::Now);
        assert!(done, "{deed:?}: {printed}");
        let won = (1..=TRIES).filter(|_| ground.is_won(deed, By::Before)).take(WINS_BEFORE);
        let won: Vec<usize> = won.collect();
        assert_eq!(
            won.len(),
            WINS_BEFORE,
            "{deed:?}: the attacker won tries {won:?} of {TRIES} against the scripts of before"
        );
        let wins_now = (0..TRIES).filter(|_| ground.is_won(deed, By::Now)).count();
        assert_eq!(wins_now, 0, "{deed:?}: the attacker won, of {TRIES} tries; of those before tries {won:?}");
    }
}

/// Directories, and as whom a file in each is worked on.
#[test]
fn who_works_where() {
    if !is_root("action::host::attacks::who_works_where") {
        return;
    }
    let dir = tempfile::Builder::new().prefix("runbook-places-").tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let at = |name: &str| dir.path().join(name);
    for (name, owner, group, mode) in [
        ("roots", 0, 0, 0o755),
        ("webs", 33, 33, 0o750),
        ("webs/in", 33, 33, 0o700),
        ("webs/roots", 0, 0, 0o755),
        ("by-group", 0, 33, 0o770),
        ("set-group", 33, 33, 0o2775),
        ("roots-group", 0, 0, 0o775),
        ("daemons", 1, 1, 0o755),
        ("daemons/webs", 33, 33, 0o755),
        ("two", 1, 33, 0o775),
        ("nobody-in-it", 0, 4711, 0o775),
        ("all", 0, 0, 0o777),
        ("sticky", 0, 0, 0o1777),
        ("sticky/roots", 0, 0, 0o755),
        ("sticky/webs", 33, 33, 0o755),
        ("numbered", 4711, 4711, 0o755),
        ("with space", 0, 0, 0o755),
    ] {
        fs::create_dir_all(at(name)).unwrap();
        chown(at(name), Some(owner), Some(group)).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        fs::write(at(name).join("f"), "x").unwrap();
    }
    for (name, to) in [
        ("roots/link", at("webs/f")),
        ("roots/to-dir", PathBuf::from("../webs")),
        ("roots/loop", PathBuf::from("loop")),
        ("webs/link", at("roots/f")),
        ("sticky/link", at("roots/f")),
        ("sticky/to-roots", at("roots")),
        ("roots/dangling", PathBuf::from("none")),
    ] {
        symlink(&to, at(name)).unwrap();
    }
    for name in ["sticky/link", "sticky/to-roots"] {
        std::os::unix::fs::lchown(at(name), Some(33), Some(33)).unwrap();
    }
    let walk = |name: &str, last: LastLink| {
        let follow = if last == LastLink::Followed { "follow" } else { "keep" };
        let path = if name.starts_with('/') { name.to_owned() } else { at(name).display().to_string() };
        let output = root(&["sh", "-euc", WALK, "runbook", &path, follow].map(str::to_owned), b"");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        HostPlace::parse(&String::from_utf8(output.stdout).unwrap()).unwrap()
    };
    let web = Hand::User { uid: 33, group: Some(33) };
    for (name, hand) in [
        ("roots/f", Hand::Root),
        ("roots/none", Hand::Root),
        ("none/at/all", Hand::Root),
        ("roots-group/f", Hand::Root),
        ("sticky/roots/f", Hand::Root),
        ("with space/f", Hand::Root),
        ("roots/dangling", Hand::Root),
        ("/etc/passwd", Hand::Root),
        ("webs/f", web),
        ("webs/in/none", web),
        ("by-group/f", web),
        ("set-group/f", web),
        ("sticky/webs/f", web),
        ("roots/link", web),
        ("roots/to-dir/f", web),
        ("numbered/f", Hand::User { uid: 4711, group: None }),
    ] {
        let place = walk(name, LastLink::Followed).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(place.hand, hand, "{name}");
    }
    assert_eq!(walk("roots/link", LastLink::Followed).unwrap().path, at("webs/f").display().to_string());
    assert_eq!(walk("roots/link", LastLink::Kept).unwrap().path, at("roots/link").display().to_string());
    for (name, why) in [
        ("webs/roots/f", "is root's, and `www-data` can change the way there"),
        ("webs/link", "is root's, and `www-data` can change the way there"),
        ("sticky/to-roots/f", "is root's, and `www-data` can change the way there"),
        ("sticky/link", "everybody may write in"),
        ("daemons/webs/f", "and `daemon` can change the way there"),
        ("two/f", "and `daemon` can change the way there"),
        ("nobody-in-it/f", "it cannot be told who is in it"),
        ("all/f", "everybody may write in"),
        ("sticky/f", "everybody may write in"),
        ("roots/loop", "too many links"),
        ("roots/f/g", "is no directory"),
        ("roots/", "is a directory"),
    ] {
        let told = walk(name, LastLink::Followed).expect_err(name);
        assert!(told.contains(why), "{name}: {told}");
    }
}
