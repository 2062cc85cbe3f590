//! One winner, whatever becomes of requests and answers on their way.

use super::*;
use crate::access::{Access, Beat, Settings};
use crate::model::{ActionCall, ActionKind, Pace, Phase, Value, Values};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many races are run.
const RACES: u64 = 1000;

/// How many of them at the same time.
const AT_ONCE: u64 = 100;

/// Numbers that look random and are the same each time.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// EC2's side: at most one group of the name, and looks that may be as old as `LAG`.
#[derive(Debug, Default)]
struct Ec2 {
    made: u64,
    /// What there was since when, the present last.
    past: Vec<(Option<Instant>, Option<HeldLock>)>,
}

const LAG: Duration = Duration::from_millis(6);

/// How late a request may arrive.
const LATE: Duration = Duration::from_millis(30);

impl Ec2 {
    fn now(&self) -> Option<&HeldLock> {
        self.past.last().and_then(|(_, held)| held.as_ref())
    }

    fn create(&mut self, description: &str) -> Result<String, AwsError> {
        if self.now().is_some() {
            return Err(AwsError::answered(400, Some("InvalidGroup.Duplicate"), None));
        }
        self.made += 1;
        let id = format!("sg-{}", self.made);
        let held = HeldLock { id: id.clone(), description: description.to_owned() };
        self.past.push((Some(Instant::now()), Some(held)));
        Ok(id)
    }

    fn delete(&mut self, id: &str) -> Result<(), AwsError> {
        match self.now() {
            Some(held) if held.id == id => {
                self.past.push((Some(Instant::now()), None));
                Ok(())
            }
            _ => Err(AwsError::answered(400, Some("InvalidGroup.NotFound"), None)),
        }
    }

    /// What a look sees that is `age` behind.
    fn seen(&self, age: Duration) -> Option<HeldLock> {
        let old = |since: &Option<Instant>| since.is_none_or(|since| since.elapsed() >= age);
        self.past.iter().rfind(|(since, _)| old(since)).and_then(|(_, held)| held.clone())
    }
}

/// One operator's line to it.
struct Line {
    ec2: Arc<Mutex<Ec2>>,
    dice: Mutex<Dice>,
}

impl Line {
    fn throw(&self, limit: u64) -> u64 {
        self.dice.lock().unwrap().below(limit)
    }

    async fn on_its_way(&self) {
        tokio::time::sleep(Duration::from_micros(self.throw(4000))).await;
    }

    /// A change: it may never arrive, arrive late, or arrive and its answer be lost.
    async fn change<T: Send + 'static>(
        &self,
        deed: impl Fn(&mut Ec2) -> Result<T, AwsError> + Send + 'static,
    ) -> Result<T, AwsError> {
        self.on_its_way().await;
        let lost = || AwsError { code: None, message: "the connection ended".into(), lost: true };
        match self.throw(10) {
            0 => return Err(lost()),
            1 | 2 => {
                let (ec2, later) =
                    (Arc::clone(&self.ec2), LATE.mul_f64(f64::from(u32::try_from(self.throw(100)).unwrap()) / 100.0));
                tokio::spawn(async move {
                    tokio::time::sleep(later).await;
                    let _ = deed(&mut ec2.lock().unwrap());
                });
                return Err(lost());
            }
            _ => {}
        }
        let done = deed(&mut self.ec2.lock().unwrap());
        self.on_its_way().await;
        if self.throw(10) < 3 { Err(lost()) } else { done }
    }
}

impl Locks for Line {
    async fn create(&self, _: &str, description: &str) -> Result<Option<String>, AwsError> {
        let description = description.to_owned();
        self.change(move |ec2| ec2.create(&description)).await.map(Some)
    }

    async fn look(&self, _: &str) -> Result<Option<HeldLock>, Failure> {
        self.on_its_way().await;
        let age = LAG.mul_f64(f64::from(u32::try_from(self.throw(100)).unwrap()) / 100.0);
        let seen = self.ec2.lock().unwrap().seen(age);
        self.on_its_way().await;
        Ok(seen)
    }

    async fn delete(&self, id: &str) -> Result<(), AwsError> {
        let id = id.to_owned();
        self.change(move |ec2| ec2.delete(&id)).await
    }
}

fn call(run: &str) -> ActionCall {
    ActionCall {
        run: run.parse().unwrap(),
        runbook: "move".into(),
        by: "hana".into(),
        action: "begin/claim".parse().unwrap(),
        kind: ActionKind::InstanceClaim,
        phase: Phase::Apply,
        attempt: 1,
        generation: 0,
        parameters: Value::Null,
        before: Value::Null,
        outputs: Values::new(),
        tags: BTreeMap::new(),
        region: None,
        deadline_s: 20,
        approved: Vec::new(),
        ahead: None,
    }
}

fn access() -> Access {
    let (ssh_config, trust) = (None, None);
    Access::new(Settings {
        ssh_config,
        trust,
        poll: Settings::POLL,
        pace: Pace::times(5_000).expect("a pace"),
        work_dir: std::env::temp_dir(),
        kept_dir: std::env::temp_dir(),
    })
}

fn instance() -> InstanceId {
    serde_json::from_value(Value::from("i-0123456789abcdef0")).unwrap()
}

/// What an engine does about a claim: a lost answer is followed by a look and the same call again. Whether it was had.
async fn claimed(run: &str, line: &Line, access: &Access) -> bool {
    let call = call(run);
    let beat = Beat::silent(call.action.clone());
    let cx = Context::new(&call, access, &beat);
    for _ in 0..200 {
        match take(&cx, line, &instance()).await {
            Ok(_) => return true,
            Err(failure) if failure.kind == FailureKind::Refused => return false,
            Err(failure) => assert_eq!(failure.kind, FailureKind::Lost, "{failure:?}"),
        }
    }
    panic!("no end to it");
}

async fn released(run: &str, line: &Line, access: &Access) {
    let call = call(run);
    let beat = Beat::silent(call.action.clone());
    give_back(&Context::new(&call, access, &beat), line, &instance(), None).await.unwrap();
}

/// Three operators claim at about the same moment, the winner gives back while two more claim; answers how many won each time.
async fn race(seed: u64, access: &Access) -> (usize, usize) {
    let ec2 = Arc::new(Mutex::new(Ec2 { made: 0, past: vec![(None, None)] }));
    let line = |who: u64| Line { ec2: Arc::clone(&ec2), dice: Mutex::new(Dice::of(seed * 10 + who)) };
    let lines = [line(1), line(2), line(3), line(4), line(5)];
    let start = |who: usize| async move {
        tokio::time::sleep(Duration::from_micros(Dice::of(seed + who as u64).below(3000))).await;
    };
    let claims = async |who: usize| {
        start(who).await;
        claimed(&format!("r{who}"), &lines[who - 1], access).await
    };
    let (one, two, three) = tokio::join!(claims(1), claims(2), claims(3));
    let won: Vec<usize> =
        [(1, one), (2, two), (3, three)].into_iter().filter(|(_, won)| *won).map(|(who, _)| who).collect();
    let [winner] = won[..] else { return (won.len(), 0) };
    let holder = ec2.lock().unwrap().now().cloned().unwrap();
    assert_eq!(holder.by(), format!("r{winner}"), "race {seed}");

    // What the losers' creates did on their way is over, so that no lock of a run that has given up comes later.
    tokio::time::sleep(LATE * 2).await;
    let former = format!("r{winner}");
    let gives_back = released(&former, &lines[winner - 1], access);
    // The others come again until one of them has it: the former winner's late requests must not take it away again.
    let comes_again = async |who: usize| {
        for _ in 0..100 {
            if claimed(&format!("r{who}"), &lines[who - 1], access).await {
                return true;
            }
            let held = ec2.lock().unwrap().now().map(|held| held.by().to_owned());
            if held.is_some_and(|by| by == "r4" || by == "r5") {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    };
    let ((), four, five) = tokio::join!(gives_back, comes_again(4), comes_again(5));
    tokio::time::sleep(LATE * 2).await;
    let second = usize::from(four) + usize::from(five);
    if second == 1 {
        let by = ec2.lock().unwrap().now().map(|held| held.by().to_owned());
        assert_eq!(by.as_deref(), Some(if four { "r4" } else { "r5" }), "race {seed}: a late delete took it away");
    }
    (1, second)
}

#[tokio::test]
async fn a_thousand_races_have_one_winner_each() {
    let access = access();
    let (mut seconds, mut wrong) = (0, Vec::new());
    for first in (0..RACES).step_by(AT_ONCE as usize) {
        let mut races: Vec<_> = (first..first + AT_ONCE).map(|seed| Box::pin(race(seed, &access))).collect();
        for (seed, race) in (first..).zip(join_all(&mut races).await) {
            if race.0 != 1 || race.1 > 1 {
                wrong.push((seed, race));
            }
            seconds += race.1;
        }
    }
    assert_eq!(wrong, [], "(race, (winners, winners after the first has given back))");
    assert!(seconds > 950, "the lock can be had again: {seconds}");
}

/// All at once, in one task.
async fn join_all<F: Future + Unpin>(futures: &mut [F]) -> Vec<F::Output> {
    use std::task::Poll;
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in futures.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let Poll::Ready(output) = std::pin::Pin::new(future).poll(cx)
            {
                *slot = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[test]
fn a_description_tells_the_run() {
    let held = |text: &str| HeldLock { id: "sg-1".into(), description: text.into() };
    assert_eq!(held("runbook run r20261123-174501-k3f9 is at work on i-01 (abc)").by(), "r20261123-174501-k3f9");
    assert_eq!(held("somebody's own group").by(), "(not told)");
    let run = "r1".parse().unwrap();
    assert!(held("runbook run r1 is at work on i-01 (abc)").is_of(&run));
    assert!(!held("runbook run r11 is at work on i-01 (abc)").is_of(&run));
}
