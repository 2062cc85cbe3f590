//! What a second terminal can say while the executor runs.

use super::in_regions;
use crate::support::region::{Lab, eventually, region};

in_regions! { "beside": answers_are_folded_in_and_decisions_refused }

const RUNBOOK: &str = "
runbook: beside
title: a question and a long deed
about: The question is asked while the deed is under way.
targets:
  web: { host: WEB, user: ubuntu }
steps:
  - id: question
    title: ask
    why: Somebody must say yes.
    needs: []
    actions:
      - id: sure
        do: gate.approve
        with: { prompt: is it right? }
  - id: deed
    title: do something long
    why: There is time to answer.
    needs: []
    actions:
      - id: long
        do: ssh.run
        irreversible: nothing is left of it
        with: { on: web, argv: [sleep, '12'] }
  - id: end
    title: the end
    why: It needs both.
    needs: [question, deed]
    actions:
      - id: look
        do: ssh.run
        irreversible: it only looks
        with: { on: web, argv: ['true'] }
";

/// The run, once its question is asked while it is executed.
async fn asked(lab: &Lab) -> String {
    eventually("it asks", || async {
        let status = lab.types(&["--format", "json", "status"]).await;
        let status: serde_json::Value = serde_json::from_str(&status.stdout).ok()?;
        let open = status["gates"].as_array().is_some_and(|gates| !gates.is_empty());
        (open && status["executor"].is_object()).then(|| status["run"].as_str().unwrap_or_default().to_owned())
    })
    .await
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn answers_are_folded_in_and_decisions_refused() {
        region(async |lab| {
            let address = lab.account().public_ip.to_string();
            lab.write_home("beside.yaml", &RUNBOOK.replace("WEB", &address));
            let run = ["run", "beside.yaml", "--order", "overlap", "--yes"];

            let child = lab.begins(&run);
            let id = asked(lab).await;
            lab.types(&["resolve", &id, "deed/long", "--as", "done", "--reason", "it takes too long"])
                .await
                .exits(3)
                .says("is being executed by");
            lab.types(&["approve", &id, "long"]).await.exits(2).says("sure");
            lab.types(&["approve", &id, "sure"]).await.exits(0).says("the run goes on by itself");
            lab.types(&["approve", &id, "sure"]).await.exits(2).says("waits for an answer");
            lab.end_of(child).await.exits(0).says("finished");

            // A refusal is folded in too: the run rests, and says how to go on.
            let child = lab.begins(&run);
            let id = asked(lab).await;
            lab.types(&["approve", &id, "sure", "--reject"]).await.exits(0).says("refused");
            lab.end_of(child).await.exits(4).says("refused").says(&format!("runbook approve {id} sure"));
            lab.types(&["approve", &id, "sure"]).await.exits(0).says("runbook resume");
            lab.types(&["resume"]).await.exits(0).says("finished");
        })
        .await;
    }
}
