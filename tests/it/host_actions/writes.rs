//! `file.write`: a file is made, changed and put back to the byte and the nanosecond; never over somebody else's work.

use super::bench::{Deed, Host, again_as_root};
use runbook::model::{Change, FailureKind, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

const COPY: &str = ".motd.conf.runbook-r20260101-000000-test.step-one.deed";
const OLD: &str = "one\ntwo\nthree\n";
const NEW: &str = "one\n2\nthree\n";

/// Content and everything else that must come back.
pub(super) fn picture(path: &Path) -> (Vec<u8>, u32, u32, u32, i64, i64) {
    let meta = fs::metadata(path).unwrap();
    (fs::read(path).unwrap(), meta.uid(), meta.gid(), meta.mode(), meta.mtime(), meta.mtime_nsec())
}

pub(super) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A host with `etc/`, and in it what is given.
pub(super) fn host_with(file: Option<(&str, u32)>) -> Host {
    let host = Host::start();
    fs::create_dir(host.path("etc")).unwrap();
    if let Some((text, mode)) = file {
        fs::write(host.path("etc/motd.conf"), text).unwrap();
        fs::set_permissions(host.path("etc/motd.conf"), fs::Permissions::from_mode(mode)).unwrap();
    }
    host
}

fn write(host: &Host) -> Deed<'_> {
    let parameters = json!({"on": host.target(), "path": host.text("etc/motd.conf"), "content": NEW});
    host.deed("file.write", parameters)
}

/// A template is the file with its values; what is written is what the plan showed.
#[tokio::test]
async fn a_template_is_rendered_with_its_values() {
    let host = host_with(Some(("upstream app {\n  server a:80;\n}\n", 0o644)));
    let template = "upstream app {\n  {% for node in nodes %}\n  server {{ node }}:80;\n  {% endfor %}\n}\n";
    let parameters = json!({"on": host.target(), "path": host.text("etc/motd.conf"), "template": template, "values": {"nodes": ["a", "b"]}});
    let mut deed = host.deed("file.write", parameters);
    let finding = deed.observe().await;
    assert!(diff(&finding.changes).contains("+  server b:80;\n"), "{finding:?}");
    deed.apply().await;
    deed.verify().await;
    let written = fs::read_to_string(host.path("etc/motd.conf")).unwrap();
    assert_eq!(written, "upstream app {\n  server a:80;\n  server b:80;\n}\n");
    deed.undo().await;
    assert_eq!(fs::read_to_string(host.path("etc/motd.conf")).unwrap(), "upstream app {\n  server a:80;\n}\n");
    // A value that the template needs and a whole input did not bring is told, and nothing is written.
    deed.call.parameters["values"] = json!({"node": ["a"]});
    let failure = deed.fails(Phase::Observe).await;
    assert!(
        failure.kind == FailureKind::Refused && failure.causes[0].starts_with("line 2 of the template"),
        "{failure:?}"
    );
}

fn diff(changes: &[Change]) -> String {
    match changes {
        [Change::File { on, diff, .. }, ..] if on == "web-1" => diff.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_written_once_and_comes_back_to_the_nanosecond() {
    let host = host_with(Some((OLD, 0o604)));
    host.unit("nginx", &["active"]);
    let (file, folder) = (host.path("etc/motd.conf"), host.path("etc"));
    let before = picture(&file);
    let mut deed = write(&host);
    deed.call.parameters["reload"] = json!("nginx");
    deed.call.parameters["mode"] = json!("0640");
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Absent);
    assert!(finding.evidence.contains("mode 604 becomes 640"), "{}", finding.evidence);
    let told = diff(&finding.changes);
    assert!(told.contains("\n one\n-two\n+2\n three\n"), "{told}");
    let fact = &finding.facts[&format!("`{}` on web-1", file.display())];
    assert!(fact.contains("sha256") && fact.contains("mode 604"), "{fact}");
    assert!(!deed.call.before.to_string().contains("two"), "no content in the before-image");
    assert_eq!(picture(&file), before, "looking makes nothing");
    assert_eq!(names(&folder), ["motd.conf"]);

    deed.apply().await;
    deed.verify().await;
    assert_eq!(fs::read_to_string(&file).unwrap(), NEW);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(picture(&folder.join(COPY)), before, "the copy keeps everything");

    // Again, as after a lost answer: nothing more happens.
    let written = picture(&file);
    deed.apply().await;
    assert_eq!(picture(&file), written);
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");

    for lost in [false, true] {
        if lost {
            deed.call.outputs.clear();
        }
        deed.undo().await;
        assert_eq!(picture(&file), before);
        assert_eq!(names(&folder), ["motd.conf"]);
    }
    assert!(host.systemctl_log().iter().all(|line| line == "reload nginx"), "{:?}", host.systemctl_log());
    assert!(host.systemctl_log().len() >= 3);
}

#[tokio::test]
async fn a_file_that_was_not_there_is_made_and_removed() {
    let host = host_with(None);
    let (file, folder) = (host.path("etc/motd.conf"), host.path("etc"));
    let mut deed = write(&host);
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Absent);
    assert!(diff(&finding.changes).contains("+one\n+2\n+three\n"), "{finding:?}");
    assert_eq!(finding.facts[&format!("`{}` on web-1", file.display())], "not there");
    let undone = deed.undo().await;
    assert!(undone.contains("is not on web-1, as before"), "{undone}");

    for lost in [false, true] {
        deed.apply().await;
        deed.apply().await;
        deed.verify().await;
        let (bytes, owner, group, mode, ..) = picture(&file);
        assert_eq!((bytes.as_slice(), owner, group, mode & 0o7777), (NEW.as_bytes(), 0, 0, 0o644));
        let again = deed.observe().await;
        assert!(again.found == Found::Holds && again.ours, "{again:?}");
        if lost {
            deed.call.outputs.clear();
            fs::write(folder.join(format!("{COPY}.new")), "half").unwrap();
        }
        deed.undo().await;
        deed.undo().await;
        assert_eq!(names(&folder), [""; 0]);
    }

    // A kill after the content was staged.
    fs::write(folder.join(format!("{COPY}.new")), "half").unwrap();
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    assert_eq!(names(&folder), ["motd.conf"]);
}

#[tokio::test]
async fn what_is_so_already_is_not_this_runs() {
    let host = host_with(Some((NEW, 0o644)));
    let finding = write(&host).observe().await;
    assert!(finding.found == Found::Holds && !finding.ours && finding.changes.is_empty(), "{finding:?}");
}

#[tokio::test]
async fn somebodys_work_is_never_overwritten_or_removed() {
    let host = host_with(None);
    let (file, folder) = (host.path("etc/motd.conf"), host.path("etc"));

    // Made by somebody since it was looked for.
    let mut deed = write(&host);
    deed.observe().await;
    fs::write(&file, "theirs").unwrap();
    assert_eq!(deed.observe().await.found, Found::Unknown);
    for phase in [Phase::Apply, Phase::Verify, Phase::Undo] {
        assert_eq!(deed.fails(phase).await.kind, FailureKind::Refused);
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    }
    fs::remove_file(&file).unwrap();

    // Changed by somebody since this run made it.
    deed.apply().await;
    fs::write(&file, "theirs").unwrap();
    let failure = deed.fails(Phase::Undo).await;
    assert!(failure.kind == FailureKind::Refused && !failure.by_hand().is_empty(), "{failure:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");

    // Changed by somebody since this run changed it; a copy of the name is there; a file that is gone.
    let mut deed = write(&host);
    deed.observe().await;
    fs::write(folder.join(COPY), "somebody's").unwrap();
    assert_eq!(deed.fails(Phase::Apply).await.kind, FailureKind::Refused);
    assert_eq!(names(&folder), [COPY, "motd.conf"]);
    fs::remove_file(folder.join(COPY)).unwrap();
    deed.apply().await;
    fs::write(&file, "theirs again").unwrap();
    assert_eq!(deed.observe().await.found, Found::Unknown);
    let failure = deed.fails(Phase::Undo).await;
    assert!(failure.by_hand().iter().any(|it| it.contains("diff")), "{failure:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs again");
    fs::remove_file(&file).unwrap();
    assert!(deed.fails(Phase::Undo).await.message.contains("is gone"));
}

#[tokio::test]
async fn two_actions_of_a_run_change_one_file_one_after_the_other() {
    let host = host_with(Some((OLD, 0o644)));
    let file = host.path("etc/motd.conf");
    let before = picture(&file);
    let mut first = write(&host);
    let mut second = write(&host);
    second.call.action = "step-two/deed".parse().unwrap();
    second.call.parameters["content"] = json!("another\n");
    for deed in [&mut first, &mut second] {
        deed.observe().await;
        deed.apply().await;
        deed.verify().await;
    }
    second.undo().await;
    assert_eq!(fs::read_to_string(&file).unwrap(), NEW);
    first.undo().await;
    assert_eq!(picture(&file), before);
    assert_eq!(names(&host.path("etc")), ["motd.conf"]);
}

#[tokio::test]
async fn nothing_is_shown_of_a_file_that_not_everybody_may_read() {
    let host = host_with(Some(("password = hunter2\n", 0o640)));
    let mut deed = write(&host);
    let finding = deed.observe().await;
    let told = diff(&finding.changes);
    assert!(told.contains("-(19 bytes, not shown: mode 640") && told.contains("+one\n"), "{told}");
    let mut all = format!("{finding:?}");
    deed.apply().await;
    all.push_str(&deed.verify().await);
    all.push_str(&serde_json::to_string(&deed.call).unwrap());
    all.push_str(&deed.undo().await);
    assert!(!all.contains("hunter2"), "{all}");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_with_what_helps() {
    let host = host_with(None);
    fs::create_dir(host.path("etc/folder")).unwrap();
    let refused = async |change: Value, why: &str, advice: &str| {
        let mut deed = write(&host);
        for (name, value) in change.as_object().unwrap() {
            deed.call.parameters[name] = value.clone();
        }
        let failure = deed.fails(Phase::Observe).await;
        let told = format!("{failure:?}");
        assert!(failure.kind == FailureKind::Refused && told.contains(why) && told.contains(advice), "{told}");
    };
    refused(json!({"path": host.text("none/motd.conf")}), "there is no directory", "mkdir").await;
    refused(json!({"path": host.text("etc/folder")}), "is no file to change but directory", "").await;
    refused(json!({"owner": "nosuchuser"}), "there is no user `nosuchuser`", "getent passwd").await;
    refused(json!({"group": "nosuchgroup"}), "there is no group `nosuchgroup`", "getent").await;
}

#[tokio::test]
async fn a_file_in_a_users_folder_is_that_users() {
    if !again_as_root("host_actions::writes::a_file_in_a_users_folder_is_that_users") {
        return;
    }
    const WEB: u32 = 33;
    let host = host_with(None);
    let (file, folder) = (host.path("etc/motd.conf"), host.path("etc"));
    chown(&folder, Some(WEB), Some(WEB)).unwrap();
    let mut deed = write(&host);
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    let (_, owner, group, mode, ..) = picture(&file);
    assert_eq!((owner, group, mode & 0o7777), (WEB, WEB, 0o644));
    deed.undo().await;
    assert_eq!(names(&folder), [""; 0]);

    for (name, why) in [("owner", "cannot give a file to user 0"), ("group", "is not in group 0")] {
        let mut deed = write(&host);
        deed.call.parameters[name] = json!("root");
        let failure = deed.fails(Phase::Observe).await;
        assert!(failure.causes.iter().any(|cause| cause.contains(why)), "{failure:?}");
    }

    // Where root alone works, whoever is named gets it, and undo gives it back.
    chown(&folder, Some(0), Some(0)).unwrap();
    fs::write(&file, OLD).unwrap();
    let before = picture(&file);
    let mut deed = write(&host);
    deed.call.parameters["owner"] = json!("www-data");
    deed.call.parameters["group"] = json!("33");
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    let (_, owner, group, mode, ..) = picture(&file);
    assert_eq!((owner, group, mode), (WEB, WEB, before.3));
    deed.undo().await;
    assert_eq!(picture(&file), before);

    // The same content, another owner: that alone is changed.
    let mut deed = write(&host);
    deed.call.parameters["content"] = json!(OLD);
    deed.call.parameters["owner"] = json!("www-data");
    let finding = deed.observe().await;
    assert!(finding.evidence.contains("owner 0 becomes 33") && finding.changes.is_empty(), "{finding:?}");
    deed.apply().await;
    assert_eq!(picture(&file).1, WEB);
    deed.undo().await;
    assert_eq!(picture(&file), before);
}

#[tokio::test]
async fn root_is_led_nowhere_by_names_that_a_user_plants() {
    if !again_as_root("host_actions::writes::root_is_led_nowhere_by_names_that_a_user_plants") {
        return;
    }
    const WEB: u32 = 33;
    let host = host_with(None);
    let folder = host.path("etc");
    fs::create_dir(host.path("roots")).unwrap();
    fs::write(host.path("roots/passwd"), "root's").unwrap();
    let roots = picture(&host.path("roots/passwd"));
    chown(&folder, Some(WEB), Some(WEB)).unwrap();
    let plant = |name: &str, to: &str| {
        let link = folder.join(name);
        symlink(host.path(to), &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(WEB), Some(WEB)).unwrap();
    };

    // The file itself is a link to root's, or to a name in root's folder that is free.
    for to in ["roots/passwd", "roots/free"] {
        plant("motd.conf", to);
        let failure = write(&host).fails(Phase::Observe).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{to}: {failure:?}");
        fs::remove_file(folder.join("motd.conf")).unwrap();
    }

    // The names that are used beside it are links to root's.
    for tail in ["", ".new", ".part", ".aside"] {
        let name = format!("{COPY}{tail}");
        for there in [false, true] {
            if there {
                fs::write(folder.join("motd.conf"), OLD).unwrap();
                chown(folder.join("motd.conf"), Some(WEB), Some(WEB)).unwrap();
            }
            plant(&name, "roots/passwd");
            let mut deed = write(&host);
            for phase in [Phase::Observe, Phase::Apply, Phase::Verify, Phase::Undo] {
                let said = format!("{:?}", deed.phase(phase).await);
                assert!(!said.contains("root's\""), "{said}");
            }
            assert_eq!(picture(&host.path("roots/passwd")), roots, "{name}");
            assert_eq!(names(&host.path("roots")), ["passwd"], "{name}");
            for left in names(&folder) {
                fs::remove_file(folder.join(left)).unwrap();
            }
        }
    }
}

fn edit<'h>(host: &'h Host, replace: &Value) -> Deed<'h> {
    let parameters = json!({"on": host.target(), "path": host.text("etc/motd.conf"), "replace": replace});
    host.deed("file.edit", parameters)
}

#[tokio::test]
async fn a_file_is_edited_once_and_comes_back_to_the_nanosecond() {
    let host = host_with(Some((OLD, 0o644)));
    let (file, folder) = (host.path("etc/motd.conf"), host.path("etc"));
    let before = picture(&file);
    let mut deed =
        edit(&host, &json!([{"text": "two", "with": "2"}, {"regex": "^(o|t).+$", "with": "$1.", "times": 2}]));
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Absent);
    let told = diff(&finding.changes);
    assert!(told.contains("-one\n-two\n-three\n+o.\n+2\n+t.\n"), "{told}");
    assert_eq!(picture(&file), before, "looking makes nothing");
    for lost in [false, true] {
        deed.apply().await;
        deed.apply().await;
        deed.verify().await;
        assert_eq!(fs::read_to_string(&file).unwrap(), "o.\n2\nt.\n");
        assert_eq!(picture(&folder.join(COPY)), before);
        let again = deed.observe().await;
        assert!(again.found == Found::Holds && again.ours, "{again:?}");
        if lost {
            deed.call.outputs.clear();
        }
        deed.undo().await;
        deed.undo().await;
        assert_eq!(picture(&file), before);
        assert_eq!(names(&folder), ["motd.conf"]);
    }

    // Changed by somebody since.
    deed.apply().await;
    fs::write(&file, "theirs").unwrap();
    assert_eq!(deed.observe().await.found, Found::Unknown);
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Refused);
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
}

#[tokio::test]
async fn an_edit_that_fits_otherwise_is_refused_before_anything_is_made() {
    let host = host_with(Some((OLD, 0o600)));
    let failure = edit(&host, &json!([{"text": "e", "with": "x"}])).fails(Phase::Observe).await;
    assert!(failure.kind == FailureKind::Refused, "{failure:?}");
    assert!(
        failure.causes.iter().any(|cause| cause.contains("`e` is there 3 times (lines 1, 3, 3), expected 1")),
        "{failure:?}"
    );
    let mut gone = edit(&host, &json!([{"text": "two", "with": "2"}]));
    let finding = gone.observe().await;
    let told = diff(&finding.changes);
    assert!(
        told.contains("-two\n+2\n") && !told.contains("three"),
        "of what only root may read nothing else is told: {told}"
    );
    fs::remove_file(host.path("etc/motd.conf")).unwrap();
    assert_eq!(gone.fails(Phase::Apply).await.kind, FailureKind::Refused);
    assert_eq!(names(&host.path("etc")), [""; 0]);
}

#[tokio::test]
async fn a_link_is_switched_and_comes_back() {
    let host = host_with(None);
    let folder = host.path("etc");
    for release in ["1", "2", "3"] {
        fs::create_dir_all(folder.join("releases").join(release)).unwrap();
    }
    let leads = || fs::read_link(folder.join("current")).ok().map(|to| to.display().to_string());
    let link =
        |to: &str| host.deed("file.link", json!({"on": host.target(), "path": host.text("etc/current"), "to": to}));

    // Where none was.
    let mut first = link("releases/1");
    assert_eq!(first.observe().await.found, Found::Absent);
    first.apply().await;
    first.apply().await;
    first.verify().await;
    assert_eq!(leads().as_deref(), Some("releases/1"));
    let again = first.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");

    // Where one was: nothing but the link is touched, though it leads to a directory.
    let to = host.text("etc/releases/2");
    let mut second = link(&to);
    let finding = second.observe().await;
    let told = diff(&finding.changes);
    assert!(told.contains(&format!("-symbolic link to releases/1\n+symbolic link to {to}\n")), "{told}");
    second.apply().await;
    second.verify().await;
    assert_eq!(leads(), Some(to));
    assert_eq!(names(&folder), ["current", "releases"]);
    assert_eq!(names(&folder.join("releases/1")), [""; 0]);
    second.undo().await;
    second.undo().await;
    assert_eq!(leads().as_deref(), Some("releases/1"));

    // Somebody had it lead elsewhere.
    second.apply().await;
    fs::remove_file(folder.join("current")).unwrap();
    symlink("releases/3", folder.join("current")).unwrap();
    assert_eq!(second.observe().await.found, Found::Unknown);
    for phase in [Phase::Apply, Phase::Verify, Phase::Undo] {
        assert_eq!(second.fails(phase).await.kind, FailureKind::Refused);
        assert_eq!(leads().as_deref(), Some("releases/3"));
    }
    assert_eq!(first.fails(Phase::Undo).await.kind, FailureKind::Refused);
    fs::remove_file(folder.join("current")).unwrap();
    symlink("releases/1", folder.join("current")).unwrap();
    first.undo().await;
    first.undo().await;
    assert_eq!(names(&folder), ["releases"]);

    // What it is to lead to is not there; what is there is no link.
    let mut nowhere = link("releases/4");
    assert!(nowhere.observe().await.evidence.contains("is not there"));
    assert_eq!(nowhere.fails(Phase::Apply).await.kind, FailureKind::Refused);
    assert_eq!(names(&folder), ["releases"]);
    fs::create_dir(folder.join("current")).unwrap();
    let failure = link("releases/1").fails(Phase::Observe).await;
    assert!(failure.message.contains("is no symbolic link but directory"), "{failure:?}");
}
