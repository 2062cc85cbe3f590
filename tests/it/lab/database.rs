//! The database is a real one, found by its endpoint, and fails over.

use crate::support::region::{LIMIT, Lab, eventually, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_one_and_fails_over() {
    in_a_region("lab::database::inside::the_database_is_one_and_fails_over", LIMIT).await;
}

mod inside {
    use super::*;

    /// What a statement answers the site on a server, with the values of its own config.php.
    async fn ask_database(lab: &Lab, statement: &str) -> String {
        let script = "include '/var/www/html/nextcloud/config/config.php'; try { \
            $db = new mysqli($CONFIG['dbhost'], $CONFIG['dbuser'], $CONFIG['dbpassword'], $CONFIG['dbname']); \
            $answer = $db->query($argv[1]); echo is_bool($answer) ? 'done' : $answer->fetch_row()[0]; \
            } catch (mysqli_sql_exception $e) { echo $e->getMessage(); }";
        let web = lab.region.host(&lab.account().instance).unwrap();
        let output = web.command(&["php", "-r", script, "--", statement]).unwrap().output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_database_is_one_and_fails_over() {
        region(async |lab| {
            let account = lab.account();
            assert_eq!(
                ask_database(lab, "SELECT CURRENT_USER()").await,
                "nextcloud@10.77.%",
                "a grant that names hosts"
            );
            assert!(ask_database(lab, "SELECT @@version").await.contains("MariaDB"));
            assert!(ask_database(lab, "SELECT * FROM mysql.user").await.contains("denied"), "no more than its own");
            assert_eq!(ask_database(lab, "CREATE TABLE kept (word TEXT)").await, "done");
            assert_eq!(ask_database(lab, "INSERT INTO kept VALUES ('before')").await, "done");

            let rds = &lab.aws.rds;
            let shown = || async {
                let found = rds.describe_db_instances().db_instance_identifier(&account.db).send().await.unwrap();
                let db = &found.db_instances()[0];
                let zone = db.availability_zone().unwrap_or_default().to_owned();
                (db.db_instance_status().unwrap_or_default().to_owned(), zone, db.multi_az().unwrap_or_default())
            };
            let address = || async {
                let found = tokio::net::lookup_host((account.db_endpoint.as_str(), 3306)).await.unwrap();
                found.map(|address| address.ip()).collect::<Vec<_>>()
            };
            let before = address().await;
            rds.modify_db_instance()
                .db_instance_identifier(&account.db)
                .multi_az(true)
                .apply_immediately(true)
                .send()
                .await
                .unwrap();
            eventually("the database is Multi-AZ", || async { shown().await.2.then_some(()) }).await;
            rds.reboot_db_instance().db_instance_identifier(&account.db).force_failover(true).send().await.unwrap();
            let (_, zone, _) = eventually("the database is back", || async {
                let now = shown().await;
                (now.0 == "available").then_some(now)
            })
            .await;
            assert_eq!(zone, "us-east-1b");
            // The resolver may remember the old answer for as long as it lasts.
            let after = eventually("the endpoint leads elsewhere", || async {
                let now = address().await;
                (now != before).then_some(now)
            })
            .await;
            assert_eq!(after.len(), 1, "{before:?} {after:?}");
            assert_eq!(ask_database(lab, "SELECT word FROM kept").await, "before", "what was written is there");

            rds.reboot_db_instance().db_instance_identifier(&account.db).send().await.unwrap();
            eventually("the database is back", || async { (shown().await.0 == "available").then_some(()) }).await;
            assert_eq!(address().await, after, "without a failover it stays");
            assert_eq!(ask_database(lab, "SELECT word FROM kept").await, "before");
        })
        .await;
    }
}
