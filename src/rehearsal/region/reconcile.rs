//! The loop that makes the region's bodies follow the emulated account, several times a second, until it is told
//! to stop. Hosts and databases, with the firewall before them, and balancer have a loop each: a boot that hangs must not hold
//! up a health report.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::rehearsal::balancer::Balancer;
use crate::rehearsal::database::Databases;
use crate::rehearsal::emulator::account::AccountState;
use crate::rehearsal::emulator::client::EmulatorClient;
use crate::rehearsal::host::Hosts;
use crate::rehearsal::host::firewall::Firewall;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::view::View;

/// How often the account is looked at: a host's boot takes about a second, so this is soon enough.
const ROUND: Duration = Duration::from_millis(80);

/// The running loops.
pub(in crate::rehearsal) struct Reconcile {
    stop: watch::Sender<bool>,
    machines: JoinHandle<(Hosts, Databases)>,
    balancer: JoinHandle<Balancer>,
}

/// What follows the account.
pub(in crate::rehearsal) struct Bodies {
    pub(in crate::rehearsal) hosts: Hosts,
    pub(in crate::rehearsal) databases: Databases,
    pub(in crate::rehearsal) balancer: Balancer,
    /// None where security groups cannot be enforced.
    pub(in crate::rehearsal) firewall: Option<Firewall>,
}

/// Starts the loops.
pub(in crate::rehearsal) fn start(
    bodies: Bodies,
    emulator: EmulatorClient,
    diary: Arc<Diary>,
    view: Arc<View>,
) -> Reconcile {
    let Bodies { mut hosts, mut databases, mut balancer, mut firewall } = bodies;
    let (stop, stopped) = watch::channel(false);
    let (sender, account) = watch::channel(Arc::new(AccountState::default()));
    let (machines_stopped, machines_diary) = (stopped.clone(), Arc::clone(&diary));
    let machines = tokio::spawn(async move {
        while !*machines_stopped.borrow() {
            match emulator.state().await {
                Ok(state) => {
                    let state = Arc::new(state);
                    sender.send_replace(Arc::clone(&state));
                    for trouble in &state.troubles {
                        machines_diary.trouble(trouble);
                    }
                    // Before a host boots, so that nothing meets it without its groups.
                    if let Some(firewall) = &mut firewall
                        && let Err(error) = firewall.follow(&state, &view.balancers()).await
                    {
                        machines_diary.trouble(&error.chain());
                    }
                    for done in [databases.round(&state).await, hosts.round(&state).await] {
                        if let Err(error) = done {
                            machines_diary.trouble(&error.chain());
                        }
                    }
                }
                Err(error) => machines_diary.trouble(&error.chain()),
            }
            tokio::time::sleep(ROUND).await;
        }
        (hosts, databases)
    });
    let balancer = tokio::spawn(async move {
        while !*stopped.borrow() {
            let state = Arc::clone(&account.borrow());
            // Version 0 is the picture from before the first look.
            if state.version > 0 {
                if let Err(error) = balancer.follow(&state).await {
                    diary.trouble(&error.chain());
                }
                if let Err(error) = balancer.check().await {
                    diary.trouble(&error.chain());
                }
            }
            tokio::time::sleep(ROUND).await;
        }
        balancer
    });
    Reconcile { stop, machines, balancer }
}

impl Reconcile {
    /// Ends the loops, then powers the hosts off in order and ends databases and balancer.
    pub(in crate::rehearsal) async fn stop(self) {
        self.stop.send_replace(true);
        let (machines, balancer) = tokio::join!(self.machines, self.balancer);
        // A loop that broke off has said so in its panic; the region's end ends its processes.
        if let Ok((mut hosts, mut databases)) = machines {
            hosts.power_off_all().await;
            databases.end_all().await;
        }
        if let Ok(mut balancer) = balancer {
            balancer.end().await;
        }
    }
}
