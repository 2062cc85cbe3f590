//! `http.request` against real servers on this machine that count what arrives: sent once, whatever is cut off.

mod programs;
mod server;
mod sites;

use crate::support::stage::{Deed, Stage};
use runbook::model::{ActionKind, Failure, FailureKind, Finding, Foresight, Found, Outcome, Phase, Value};
use serde_json::json;
use server::{Says, Server};
use std::net::TcpListener;

const TOKEN: &str = "hunter-2";

/// What stands in the runbook for it.
fn secret() -> Value {
    json!({ "command": ["sh", "-c", "printf hunter-%d 2"] })
}

fn deed(parameters: Value) -> Deed {
    Deed::new("tell/hook", ActionKind::HttpRequest, parameters)
}

/// What an engine remembers of an attempt that may have done something.
async fn begun(stage: &Stage, mut deed: Deed) -> Deed {
    stage.look(&mut deed).await;
    assert!(!deed.call.before.is_null());
    deed
}

async fn fails(stage: &Stage, deed: &Deed, phase: Phase) -> Failure {
    match stage.perform(deed, phase).await.0 {
        Outcome::Failed(failure) => failure,
        other => panic!("{phase:?} did not fail: {other:?}"),
    }
}

async fn sees(stage: &Stage, deed: &Deed) -> Finding {
    stage.observe(deed).await.unwrap()
}

#[tokio::test]
async fn it_arrives_as_it_was_said_and_its_secret_is_nowhere_else() {
    let server = Server::says(|request| {
        Says::This(
            201,
            format!(r#"{{"id": 7, "name": "{}", "echo": "{}"}}"#, request.path, request.header("x-api-key")),
        )
    });
    let stage = Stage::new();
    let secret = secret();
    let mut hook = deed(json!({
        "url": server.url("/hooks"), "headers": { "X-Api-Key": secret, "X-Count": 5 }, "json": { "text": "moved", "n": [1, 2] },
        "expect": { "status": [201], "json": { "/id": 7 } },
        "outputs": { "id": { "json": "/id", "type": "int" }, "echo": { "json": "/echo" } },
        "undo": { "url": server.url("/hooks/7"), "expect": { "status": ["2xx", 404] } },
    }));
    assert_eq!(stage.carry_out(&mut hook).await, format!("`POST {}` was answered with 201", server.url("/hooks")));
    let got = server.requests();
    assert_eq!((got.len(), got[0].method.as_str(), got[0].header("x-api-key")), (1, "POST", TOKEN));
    assert_eq!((got[0].header("x-count"), got[0].header("content-type")), ("5", "application/json"));
    assert_eq!(serde_json::from_str::<Value>(&got[0].body).unwrap(), json!({ "text": "moved", "n": [1, 2] }));
    let outputs = serde_json::to_value(&hook.call.outputs).unwrap();
    assert_eq!(outputs, json!({ "id": 7, "echo": "(secret)", "status": 201 }));

    let described = runbook::action::describe(hook.call.kind, &hook.call.parameters.clone().into()).unwrap();
    let told = format!("{described:?}");
    assert!(told.contains("X-Api-Key") && told.contains("(a secret)") && !told.contains(TOKEN), "{told}");
    stage.undo(&hook).await.unwrap();
    let back = &server.requests()[1];
    assert_eq!((back.method.as_str(), back.path.as_str(), back.header("x-api-key")), ("DELETE", "/hooks/7", TOKEN));
    assert_eq!((back.header("content-type"), back.body.as_str()), ("", ""));

    // What a server says of a secret is told without it.
    let server = Server::says(|request| Says::This(403, format!("who is {}?\n", request.header("authorization"))));
    let hook = deed(json!({ "url": server.url("/"), "headers": { "Authorization": secret }, "body": secret }));
    let refused = fails(&stage, &hook, Phase::Apply).await;
    assert_eq!(refused.causes, ["who is (secret)?"]);
    assert_eq!(server.requests()[0].body, TOKEN);
}

/// No connection, or none to the end of TLS's handshake: nobody has got it.
#[tokio::test]
async fn what_was_certainly_not_sent_is_no_doubt() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let plain = Server::says(|_| Says::This(200, "no TLS here".into()));
    let stage = Stage::new();
    let unsent = [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{}/", plain.port()),
        "http://no-such-name.invalid/".to_owned(),
    ];
    for url in unsent {
        let failure = fails(&stage, &deed(json!({ "url": url })), Phase::Apply).await;
        assert!(failure.did_nothing && failure.kind == FailureKind::Transient, "{url}: {failure:?}");
        assert!(failure.message.ends_with("was not sent"), "{failure:?}");
    }
    assert_eq!(plain.requests().len(), 0, "a handshake is no request");
    let secret = deed(json!({ "url": plain.url("/"), "headers": { "X": { "command": ["false"] } } }));
    assert!(fails(&stage, &secret, Phase::Apply).await.did_nothing);
}

#[tokio::test]
async fn what_may_have_arrived_is_a_doubt_unless_it_may_be_sent_again() {
    let server = Server::says(|_| Says::Nothing);
    let stage = Stage::new();
    let lost = async |more: Value| {
        let mut parameters = json!({ "url": server.url("/") });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let deed = begun(&stage, deed(parameters)).await;
        let failure = fails(&stage, &deed, Phase::Apply).await;
        assert!(failure.kind == FailureKind::Lost && !failure.did_nothing, "{failure:?}");
        (sees(&stage, &deed).await, deed)
    };
    let (seen, _) = lost(json!({})).await;
    assert_eq!(seen.found, Found::Unknown, "{seen:?}");
    assert!(seen.evidence.contains("may have arrived"), "{seen:?}");
    for more in [json!({ "repeatable": true }), json!({ "reads": true, "method": "GET" })] {
        assert_eq!(lost(more).await.0.found, Found::Absent);
    }
    let before = server.requests().len();
    let (seen, mut keyed) = lost(json!({ "idempotency_key": "Idempotency-Key" })).await;
    assert_eq!(seen.found, Found::Absent);
    fails(&stage, &keyed, Phase::Apply).await;
    keyed.call.generation = 1;
    fails(&stage, &keyed, Phase::Apply).await;
    let keys: Vec<String> =
        server.requests()[before..].iter().map(|it| it.header("idempotency-key").to_owned()).collect();
    assert!(keys[0].len() == 32 && keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_counts_where_its_status_is_enough() {
    let server = Server::says(|_| Says::Half(200, r#"{"id": 7}"#.into()));
    let stage = Stage::new();
    let mut hook = deed(json!({ "url": server.url("/") }));
    stage.carry_out(&mut hook).await;
    for more in [json!({ "outputs": { "id": { "json": "/id" } } }), json!({ "expect": { "body": "id" } })] {
        let mut parameters = json!({ "url": server.url("/") });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = fails(&stage, &deed(parameters), Phase::Apply).await;
        assert!(failure.kind == FailureKind::Lost && !failure.did_nothing, "{failure:?}");
        assert!(failure.message.contains("its body is not whole: it breaks off"), "{failure:?}");
    }
}

#[tokio::test]
async fn each_answer_says_whether_anything_was_done() {
    let server = Server::says(|request| {
        let status: u16 = request.path.trim_start_matches('/').parse().unwrap();
        Says::This(status, format!("status {status}"))
    });
    let stage = Stage::new();
    let told = async |status: u16, more: Value| {
        let mut parameters = json!({ "url": server.url(&format!("/{status}")) });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let failure = fails(&stage, &deed(parameters), Phase::Apply).await;
        assert_eq!(failure.causes, [format!("status {status}")]);
        (failure.kind, failure.did_nothing)
    };
    use FailureKind::{Permanent, Throttled, Transient};
    for (status, kind, did_nothing) in
        [(400, Permanent, true), (404, Permanent, true), (429, Throttled, true), (503, Transient, true)]
    {
        assert_eq!(told(status, json!({})).await, (kind, did_nothing), "{status}");
    }
    // Nobody knows what a server had done that broke down, or a gateway whose server did not answer; and a body goes nowhere else.
    for status in [302, 307, 500, 502, 504] {
        assert_eq!(told(status, json!({})).await, (Permanent, false), "{status}");
    }
    assert_eq!(told(503, json!({ "retry_on": [429] })).await, (Permanent, false));
    assert_eq!(told(409, json!({ "retry_on": [409] })).await, (Transient, true));
    assert_eq!(told(200, json!({ "expect": { "status": [204] } })).await, (Permanent, false));
    assert_eq!(told(200, json!({ "expect": { "not_body": "status" } })).await, (Permanent, false));
    assert_eq!(server.requests().len(), 13);
}

#[tokio::test]
async fn a_check_decides_what_nobody_else_can() {
    let made = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(404));
    let shown = std::sync::Arc::clone(&made);
    let server = Server::says(move |request| match request.method.as_str() {
        "GET" => Says::This(shown.load(std::sync::atomic::Ordering::SeqCst), request.header("x-api-key").to_owned()),
        _ => Says::Nothing,
    });
    let is = |status| made.store(status, std::sync::atomic::Ordering::SeqCst);
    let stage = Stage::new();
    let hook = json!({
        "url": server.url("/things"), "headers": { "X-Api-Key": secret() },
        "check": { "url": server.url("/things/7"), "body": "^hunter-2$" }, "undo": { "url": server.url("/things/7") },
    });
    let mut hook = begun(&stage, deed(hook)).await;
    fails(&stage, &hook, Phase::Apply).await;
    assert_eq!(sees(&stage, &hook).await.found, Found::Absent, "it did not arrive");
    is(502);
    let unclear = stage.observe(&hook).await.unwrap_err();
    assert!(unclear.kind == FailureKind::Transient && unclear.message.contains("does not tell"), "{unclear:?}");
    is(200);
    let seen = sees(&stage, &hook).await;
    assert!(seen.found == Found::Holds && seen.ours && !seen.evidence.contains(TOKEN), "{seen:?}");
    assert!(stage.verify(&mut hook).await.unwrap().starts_with("its check says that it is done"));

    // Back: the answer is lost, and the check tells that it is gone.
    assert_eq!(fails(&stage, &hook, Phase::Undo).await.kind, FailureKind::Lost);
    is(404);
    hook.call.attempt = 2;
    assert!(stage.undo(&hook).await.unwrap().contains("it is not there"));
    let sent = server.requests().iter().filter(|it| it.method == "DELETE").count();
    assert_eq!(sent, 1);

    is(200);
    hook.call.parameters["outputs"] = json!({ "id": { "json": "/id" } });
    let lost = stage.verify(&mut hook).await.unwrap_err();
    assert!(lost.message.contains("its answer is lost") && !lost.advice.is_empty(), "{lost:?}");
}

#[tokio::test]
async fn an_undo_is_sent_once_too() {
    let server = Server::says(|request| match request.header("x-mode") {
        "lose" => Says::Nothing,
        "refuse" => Says::This(403, "no".into()),
        _ => Says::This(204, String::new()),
    });
    let stage = Stage::new();
    let with = |mode: &str, more: Value| {
        let undo = json!({ "url": server.url("/1"), "method": "POST", "json": { "off": true }, "headers": { "X-Mode": mode } });
        let mut parameters = json!({ "url": server.url("/"), "undo": undo });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut deed = deed(parameters);
        deed.call.before = json!({ "sent": false });
        deed.call.outputs.insert("status".into(), json!(200));
        deed
    };
    let mut lost = with("lose", json!({}));
    let failure = fails(&stage, &lost, Phase::Undo).await;
    assert!(failure.kind == FailureKind::Permanent && !failure.did_nothing, "not tried again by itself: {failure:?}");
    lost.call.attempt = 2;
    let failure = fails(&stage, &lost, Phase::Undo).await;
    assert!(failure.message.contains("is not sent again") && !failure.advice.is_empty(), "{failure:?}");
    assert_eq!(server.requests().len(), 1);

    let refused = with("refuse", json!({}));
    assert!(fails(&stage, &refused, Phase::Undo).await.did_nothing);

    let mut keyed = with("lose", json!({ "idempotency_key": "Idempotency-Key" }));
    assert_eq!(fails(&stage, &keyed, Phase::Undo).await.kind, FailureKind::Lost);
    keyed.call.attempt = 2;
    fails(&stage, &keyed, Phase::Undo).await;
    let keys: Vec<String> = server.requests()[2..].iter().map(|it| it.header("idempotency-key").to_owned()).collect();
    assert!(keys[0] == keys[1] && keys[0] != keyed.call.token(), "{keys:?}");

    let never = deed(json!({ "url": server.url("/"), "reads": true, "method": "GET" }));
    assert_eq!(stage.undo(&never).await.unwrap(), "it only looks");
    let none = deed(json!({ "url": server.url("/") }));
    assert!(fails(&stage, &none, Phase::Undo).await.message.contains("cannot be undone"));
}

#[tokio::test]
async fn a_plan_sends_nothing_that_was_not_allowed() {
    let server = Server::says(|_| Says::This(200, "well".into()));
    let stage = Stage::new();
    let look = |ahead, more: Value| {
        let mut parameters = json!({ "url": server.url("/") });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut deed = deed(parameters);
        deed.call.ahead = Some(ahead);
        deed
    };
    let reads = json!({ "reads": true, "method": "GET" });
    let check = json!({ "check": { "url": server.url("/") } });
    for more in [&reads, &check] {
        let seen = sees(&stage, &look(Foresight::WithoutCommands, more.clone())).await;
        assert!(seen.found == Found::Absent && seen.evidence.contains("--allow-commands"), "{seen:?}");
    }
    assert_eq!(sees(&stage, &look(Foresight::WithCommands, json!({}))).await.found, Found::Absent);
    assert_eq!(server.requests().len(), 0);
    let seen = sees(&stage, &look(Foresight::WithCommands, reads)).await;
    assert!(seen.evidence.contains("answered with 200: well"), "{seen:?}");
    assert_eq!(sees(&stage, &look(Foresight::WithCommands, check)).await.found, Found::Holds);
}

#[tokio::test]
async fn a_look_follows_redirects_and_a_deed_does_not() {
    let server = Server::says(|request| match request.path.as_str() {
        "/old" => Says::Redirect(308, "/new".into()),
        _ => Says::This(200, "new".into()),
    });
    let stage = Stage::new();
    let mut get = deed(json!({ "url": server.url("/old"), "method": "GET", "reads": true, "outputs": { "all": {} } }));
    stage.carry_out(&mut get).await;
    assert_eq!(get.output("all"), "new");
    let post = deed(json!({ "url": server.url("/old"), "body": "x" }));
    assert!(fails(&stage, &post, Phase::Apply).await.message.contains("308"));
    let paths: Vec<String> = server.requests().into_iter().map(|it| it.path).collect();
    assert_eq!(paths, ["/old", "/new", "/old"]);
}
