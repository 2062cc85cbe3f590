//! Hosts and images follow the account: stops, starts, images, clones, reboots, a pulled cable.

use crate::support::region::{LIMIT, eventually, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_and_images_follow_the_account() {
    in_a_region("lab::hosts::inside::hosts_and_images_follow_the_account", LIMIT).await;
}

mod inside {
    use super::*;
    use aws_sdk_ec2::types::InstanceStateName;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn hosts_and_images_follow_the_account() {
        region(async |lab| {
            lab.consistent().await;
            let web = lab.account().instance.clone();
            let keys = lab.region.host_keys(&web).unwrap();
            lab.on(&web, "echo mine >/root/mark; shutdown -h now").await;
            lab.reaches(&web, InstanceStateName::Stopped).await;
            assert!(!lab.region.host(&web).unwrap().is_up());

            let image = lab.image_of(&web).await;
            lab.aws.ec2.start_instances().instance_ids(&web).send().await.unwrap();
            let clone = lab.clone_of(&image).await;
            lab.reaches(&web, InstanceStateName::Running).await;
            assert_eq!(lab.region.host_keys(&web).unwrap(), keys, "a start is not a first boot");
            let other = lab.region.host_keys(&clone).unwrap();
            assert!(other.iter().all(|key| !keys.contains(key)), "a clone has keys of its own");
            let console = lab.aws.ec2.get_console_output().instance_id(&clone).send().await.unwrap();
            let decode = format!("echo '{}' | base64 -d", console.output().unwrap());
            let shown = lab.region.command(&["sh", "-c", &decode]).output().await.unwrap();
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
            let listed =
                shown.split("-----BEGIN SSH HOST KEY KEYS-----").nth(1).expect("the console shows the host keys");
            assert!(other.iter().all(|key| listed.contains(key.as_str())), "{shown}");
            assert_eq!(lab.on(&clone, "cat /root/mark; hostname").await, "mine\nnextcloud-web-2\n");
            lab.on(&clone, "echo changed >/root/mark").await;
            assert_eq!(lab.on(&web, "cat /root/mark").await, "mine\n", "the two disks are apart");

            // The clock ticks at which pid 1 was started.
            let started = "cut -d ' ' -f 22 /proc/1/stat";
            let boot = lab.on(&clone, started).await;
            lab.on(&clone, "reboot").await;
            eventually("the clone is up again", || async {
                let host = lab.region.host(&clone)?;
                let output = host.command(&["sh", "-c", started])?.output().await.ok()?;
                (output.status.success() && String::from_utf8_lossy(&output.stdout) != boot).then_some(())
            })
            .await;
            assert_eq!(lab.state(&clone).await, InstanceStateName::Running, "a reboot is no stop");

            // A host that goes down stops every process before it ends them: who waits for one must not stop with it.
            let stops = ["sh", "-c", "echo $$ >/run/stopped; kill -s STOP $$; exit 7"];
            let mut waits = lab.region.host(&clone).unwrap().command(&stops).unwrap().spawn().unwrap();
            let go_on = r#"until ps -o stat= -p "$(cat /run/stopped)" | grep -q ^T; do sleep 0.1; done; sleep 1
                kill -s CONT "$(cat /run/stopped)""#;
            lab.on(&clone, go_on).await;
            let ended = tokio::time::timeout(Duration::from_secs(60), waits.wait()).await;
            assert_eq!(ended.expect("it ended, and so does who waits for it").unwrap().code(), Some(7));

            lab.region.cut(&clone).await.unwrap();
            let address = (lab.region.host(&clone).unwrap().address, 22);
            let reach = || tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(address));
            assert!(!matches!(reach().await, Ok(Ok(_))), "a cut host is not reached");
            lab.region.uncut(&clone).await.unwrap();
            eventually("the cut is mended", || async { reach().await.ok()?.ok() }).await;

            lab.aws.ec2.terminate_instances().instance_ids(&clone).send().await.unwrap();
            lab.reaches(&clone, InstanceStateName::Terminated).await;
            eventually("its body is gone", || async { lab.region.host(&clone).is_none().then_some(()) }).await;
        })
        .await;
    }
}
