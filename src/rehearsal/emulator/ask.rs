//! Asking the account in AWS's own words (`ask.py`).

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Python and a service's model load in a second; a loaded machine may take much longer.
const WITHIN: Duration = Duration::from_secs(120);

/// The answer to each question, or why there is none. What is no question stands for itself.
pub(in crate::rehearsal) async fn ask(
    region: &Region,
    questions: &[Value],
) -> Result<Vec<Result<Value, String>>, RehearsalError> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "ask.py".to_owned(), source };
    let (python, folder) = region.python();
    let mut command = region.command(&[&python.display().to_string(), "-B", "ask.py"]);
    command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(unstartable)?;
    let asked =
        json!({ "endpoint": region.emulator().endpoint(), "region": region.account().region, "questions": questions });
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has died reads nothing; its status tells.
        let _ = stdin.write_all(asked.to_string().as_bytes()).await;
    }
    let output = match tokio::time::timeout(WITHIN, child.wait_with_output()).await {
        Ok(output) => output.map_err(unstartable)?,
        Err(_) => {
            let what = "the account did not answer".to_owned();
            return Err(RehearsalError::TooLate { what, after: WITHIN, said: String::new() });
        }
    };
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).map_err(|_| RehearsalError::ProgramFailed {
        command: "ask.py".to_owned(),
        status: output.status.to_string(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })?;
    let read = |answer: Value| match answer.get("error").and_then(Value::as_str) {
        Some(why) => Err(why.to_owned()),
        None => Ok(answer.get("value").cloned().unwrap_or_default()),
    };
    Ok(answers.into_iter().map(read).collect())
}
