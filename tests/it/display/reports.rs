//! What a report says of a run: smooth, killed and resumed twice, rolled back, and one that waited for a person. Fixed clock and ids.

use super::fixture::{BEGIN, Story, no_capacity, path, plan, step_id, throttled};
use super::{golden, golden_file, golden_page};
use runbook::display::{
    Reported, Waits, WatchedRun, report_html, report_json, report_markdown, report_text, watch_html, watch_now_json,
    watch_report_json,
};
use runbook::journal::{Holder, RecordKind, Rest, RollbackTo, Verdict};
use runbook::model::{ActionKind, ActionPath, Expr, Overrun, SiteSeen};
use runbook::plan::{Order, Plan, outages};

fn of<'a>(plan: &'a Plan, story: &'a Story, verdict: &'a Verdict) -> Reported<'a> {
    Reported {
        plan,
        state: &story.state,
        records: &story.records,
        holder: None,
        verdict,
        now: story.now + 60_000,
        tool: "0.1.0",
    }
}

fn intact(story: &Story) -> Verdict {
    Verdict::Intact { records: story.records.len() as u64, head: "9f86d081884c7d65".into() }
}

fn text(story: &Story) -> String {
    let plan = plan(Order::Article);
    report_text(of(&plan, story, &intact(story)))
}

/// The same cutover, as the site's runbook says that it takes the site down.
fn down(order: Order) -> Plan {
    let mut plan = plan(order);
    let mut mark = |at: &str, what| {
        let actions = plan.runbook.steps.iter_mut().flat_map(|step| &mut step.actions);
        actions.filter(|action| action.path == path(at)).for_each(|action| action.downtime = Some(what));
    };
    mark("shut-down/guest", runbook::model::Downtime::Begins);
    mark("clone-server/start", runbook::model::Downtime::Ends);
    plan
}

/// What was claimed and released again is not told as left.
#[test]
fn a_claim_that_was_released_is_not_left() {
    let story = smooth();
    let with_claims = |released: &str| {
        let mut plan = plan(Order::Article);
        let actions = plan.runbook.steps.iter_mut().flat_map(|step| &mut step.actions);
        for action in actions {
            let kind = match action.path.to_string().as_str() {
                "stop-cron/hide" => ActionKind::HostClaim,
                "check/record" => ActionKind::HostRelease,
                _ => continue,
            };
            action.kind = kind;
            let on = if kind == ActionKind::HostClaim { "web-1" } else { released };
            action.with = [("on".to_owned(), Expr::Literal(on.into()))].into();
        }
        let text = report_text(of(&plan, &story, &intact(&story)));
        text.split("not taken back").nth(1).unwrap().split("this run").next().unwrap().to_owned()
    };
    let left = with_claims("web-1");
    assert!(!left.contains("stop-cron/hide") && !left.contains("check/record"), "{left}");
    let left = with_claims("web-2");
    assert!(left.contains("stop-cron/hide") && !left.contains("check/record"), "{left}");
}

fn smooth() -> Story {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok");
    story.whole("clone-server/start", 90_000, "runs as `t3.small`");
    story.whole("check/record", 1_000, "it is there").whole("check/site", 4_000, "the site works").rest(Rest::Finished);
    story
}

/// A smooth one whose site was asked all the time: down as planned, and once more.
fn asked() -> Story {
    let mut story = Story::three_steps();
    let seen = |up, since, seen: &str| RecordKind::SiteSeen { site: SiteSeen { up, since, seen: seen.to_owned() } };
    let silence = "`https://cloud.example.org/status.php` gives no answer: no connection in its time";
    let since = story.now - 90_000;
    story.add(1_000, seen(false, since, silence));
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok");
    story.whole("clone-server/start", 90_000, "runs as `t3.small`");
    let back = story.now + 500;
    story.add(500, seen(true, back, "`https://cloud.example.org/status.php` answers 200, as it is to"));
    story.start("check/record").now += 2_000;
    let again = story.now - 1_000;
    story.add(1_000, seen(false, again, "`https://cloud.example.org/status.php` answers 503"));
    let back = story.now + 2_500;
    story.add(2_500, seen(true, back, "`https://cloud.example.org/status.php` answers 200, as it is to"));
    story.applied("check/record").done(1_000, "check/record", "it is there");
    story.whole("check/site", 4_000, "the site works").rest(Rest::Finished);
    story
}

#[test]
fn what_the_sites_answers_showed() {
    let (story, plan) = (asked(), down(Order::Article));
    let verdict = intact(&story);
    let reported = of(&plan, &story, &verdict);
    golden("report_asked", &report_text(reported));
    golden_file("report_asked.md", &report_markdown(reported));
    golden_page("report_asked.html", &report_html(reported));
    let json = report_json(reported);
    let times = json["seen_outages"].as_array().unwrap();
    let sum: i64 = times.iter().map(|it| it["length_ms"].as_i64().unwrap()).sum();
    assert_eq!((times.len(), &json["actual"]["seen_down_ms"]), (2, &serde_json::json!(sum)));
    assert_eq!(times[1]["under_way"], serde_json::json!(["check/record"]));
    let rest = runbook::display::rest_text(&plan, &story.state, &Rest::Finished);
    assert!(rest.contains("the site did not answer for") && rest.contains("in 2 times; it answers now"), "{rest}");
    let status = runbook::display::status_text(&plan, &story.state, &story.records, None, story.now);
    assert!(status.contains("in 2 times; it answers now"), "{status}");
}

/// Killed twice, each time with something under way, and once throttled.
fn killed() -> Story {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").fail("clone-server/create-image", throttled(), Some(5_000));
    story.now += 5_000;
    story.start("clone-server/create-image").now += 3_600_000;
    story.forward().applied("clone-server/create-image").now += 60_000;
    story.forward().done(400_000, "clone-server/create-image", "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok");
    story.whole("clone-server/start", 90_000, "runs as `t3.small`");
    story.whole("check/record", 1_000, "it is there").whole("check/site", 4_000, "the site works").rest(Rest::Finished);
    story
}

fn rolled_back() -> Story {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok").start("clone-server/start");
    story.fail("clone-server/start", no_capacity(), None);
    story.rest(Rest::Paused { actions: vec![path("clone-server/start")] });
    let to = RollbackTo::Step(step_id("stop-cron"));
    story.back(to.clone());
    for name in [
        "clone-server/start",
        "clone-server/run",
        "clone-server/create-image",
        "rds-multi-az/modify",
        "shut-down/guest",
    ] {
        story.add(100, RecordKind::UndoStarted { action: path(name), attempt: 1 });
        story.add(40_000, RecordKind::Undone { action: path(name), evidence: "it is as it was".into() });
    }
    story.rest(Rest::RolledBack { to });
    story
}

fn waited() -> Story {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok");
    story.whole("clone-server/start", 90_000, "runs as `t3.small`").start("check/record");
    let (action, gate) = (path("check/record"), "check-record".to_owned());
    story.add(500, RecordKind::GateOpened { action, gate, prompt: "publish `_x`, then approve".into() });
    story.rest(Rest::Waiting { gates: vec!["check-record".into()] });
    story.add(900_000, RecordKind::GateAnswered { gate: "check-record".into(), approved: true, by: "kenji".into() });
    story.forward().whole("check/record", 1_000, "it is there").start("check/site");
    story.fail("check/site", throttled(), None).rest(Rest::Paused { actions: vec![path("check/site")] });
    story
}

/// It rests because its window ends, before what comes next.
fn overrun() -> Story {
    let mut story = Story::three_steps();
    let overrun = Overrun::Window { ends: story.now + 300_000, next_s: 420, back_s: 120 };
    story.rest(Rest::Overrun { overrun });
    story
}

/// A page of a report on a run that was killed twice.
pub(crate) fn report_page() -> String {
    let (story, plan) = (killed(), down(Order::Article));
    let verdict = intact(&story);
    report_html(of(&plan, &story, &verdict))
}

#[test]
fn of_runs_of_each_kind_as_text() {
    for (name, story) in
        [("smooth", smooth()), ("killed", killed()), ("rolled_back", rolled_back()), ("waited", waited())]
    {
        golden(&format!("report_{name}"), &text(&story));
    }
}

#[test]
fn for_a_ticket_for_programs_and_as_a_page() {
    let (story, plan) = (killed(), down(Order::Article));
    let verdict = intact(&story);
    let reported = of(&plan, &story, &verdict);
    golden("report_down", &report_text(reported));
    golden_file("report_killed.md", &report_markdown(reported));
    golden_file("report_killed.json", &format!("{:#}\n", report_json(reported)));
    golden_page("report_killed.html", &report_html(reported));
}

/// The same runs as they are watched: what stands now comes first, and each kind of rest is told with what can be typed.
#[test]
fn of_runs_of_each_kind_as_they_are_watched() {
    let plan = down(Order::Article);
    let nobody = |_: &ActionPath| None;
    let shown = |story: &Story, holder: Option<&Holder>, waits: &Waits| {
        let verdict = intact(story);
        let of = Reported { holder, ..of(&plan, story, &verdict) };
        let watched = WatchedRun { of, waits, sentences: &nobody };
        let page = watch_html(watched);
        let now: serde_json::Value = serde_json::from_str(&watch_now_json(watched)).unwrap();
        let report: serde_json::Value = serde_json::from_str(&watch_report_json(watched)).unwrap();
        // What comes later is what a page that is loaded then has.
        assert!(page.contains(now["html"].as_str().unwrap()) && page.contains(report["html"].as_str().unwrap()));
        format!(
            "{}\n{}\n{}",
            now["title"].as_str().unwrap(),
            now["said"].as_str().unwrap(),
            now["html"].as_str().unwrap()
        )
    };
    for (name, story) in [
        ("smooth", smooth()),
        ("killed", killed()),
        ("rolled_back", rolled_back()),
        ("waited", waited()),
        ("overrun", overrun()),
    ] {
        golden_file(&format!("watch_{name}.html"), &shown(&story, None, &Waits::new()));
    }
    // Somebody is at it: what it waits for; and when he is gone, that he is.
    let holder = Holder { by: "hana".into(), host: "desk".into(), pid: 4711 };
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").now += 65_000;
    let waits = Waits::from([(path("clone-server/create-image"), "image `ami-0a` is `pending`, 43 %".to_owned())]);
    golden_file("watch_under_way.html", &shown(&story, Some(&holder), &waits));
    let gone = shown(&story, None, &waits);
    assert!(gone.contains("It was killed, or its machine went down") && !gone.contains("43 %"), "{gone}");
    // A gate that is open, while an executor waits at it.
    let (action, gate) = (path("check/record"), "check-record".to_owned());
    story.start("check/record").add(500, RecordKind::GateOpened { action, gate, prompt: "publish <b>it</b>".into() });
    let asked = shown(&story, Some(&holder), &Waits::new());
    assert!(asked.contains("publish &lt;b&gt;it&lt;/b&gt;") && asked.contains("runbook approve"), "{asked}");
}

/// What does not fold, or does not fit the plan, breaks nothing; a journal that was changed is told first.
#[test]
fn a_journal_that_was_changed_is_told() {
    let (story, plan) = (smooth(), plan(Order::Article));
    let verdict = Verdict::Broken(runbook::journal::Broken::Missing { expected: 7 });
    let reported = of(&plan, &story, &verdict);
    assert!(report_text(reported).contains("NOT AS IT WAS WRITTEN: record 7 is missing"));
    assert!(report_html(reported).contains("The journal is not as it was written"));
    assert_eq!(report_json(reported)["journal"], serde_json::json!({ "intact": false, "head": null }));
    let empty = Story::open();
    assert!(text(&empty).contains("it has not begun"));
}

/// Down from the moment it is taken down until it is back, on either way; and by whom it went by.
#[test]
fn the_sites_downtime_is_what_the_run_made_of_it() {
    let plan = down(Order::Article);
    let story = smooth();
    let at = |action: &str, kind: &str| {
        let is = |it: &&runbook::journal::Record| it.kind.action() == Some(&path(action)) && it.kind.name() == kind;
        story.records.iter().find(is).unwrap().at
    };
    let all = outages(&plan, &story.records);
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].begun, all[0].ended),
        (at("shut-down/guest", "started"), Some(at("clone-server/start", "applied")))
    );
    let names: Vec<&str> = all[0].costs.iter().map(|cost| cost.action.name()).collect();
    assert_eq!(names, ["guest", "modify", "create-image", "run", "start"]);
    let told: i64 = all[0].costs.iter().map(|cost| cost.ended - cost.begun).sum();
    assert!(told <= all[0].length(0) && all[0].length(0) - told < 5_000, "{told} of {}", all[0].length(0));
    // Rolled back: up again when what took it down is undone.
    let story = rolled_back();
    let back = outages(&plan, &story.records);
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].costs.last().unwrap().action, path("shut-down/guest"));
    assert!(back[0].ended.is_some() && back[0].begun > BEGIN);
    // Not over: until now.
    let story = Story::three_steps();
    let open = outages(&plan, &story.records);
    assert_eq!((open.len(), open[0].ended), (1, None));
    assert_eq!(open[0].length(story.now + 7), story.now + 7 - open[0].begun);
    assert!(text(&story).contains(", and it is down now"), "{}", text(&story));
}
