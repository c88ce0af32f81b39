//! Two companies in one installation, and an audit that is verified beside the running daemon.

use anyhow::Result;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::office::Caller;

pub(crate) fn word_after(text: &str, label: &str) -> String {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
    line.and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_default()
        .to_owned()
}

/// Row L1.
#[tokio::test]
async fn l1_a_second_company_is_made_at_the_command_line_and_sees_nothing_of_the_first() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    let (code, made) = daemon.beside(&["account", "create", "--name", "Вторая"]).await?;
    assert_eq!(code, 0, "{made}");
    daemon.look_again().await?;
    let main = Caller::log_in(
        &daemon.base(),
        &word_after(&made, "Login"),
        &word_after(&made, "Password"),
    )
    .await;
    assert_eq!(main.get("/account").await.expect(200).text("/name"), "Вторая");
    assert_eq!(main.get("/staff").await.expect(200).body["total"], 1);
    let (code, told) = daemon
        .beside(&["account", "create", "--name", " ", "--time-zone", "Mars"])
        .await?;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("--name: ") && told.contains("--time-zone: "), "{told}");

    let (code, told) = daemon.beside(&["audit", "verify"]).await?;
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.matches("rows are as they were written").count(), 2, "{told}");
    let (code, told) = daemon.beside(&["audit", "verify", "--account", "1"]).await?;
    assert_eq!(code, 1, "{told}");
    daemon.stop().await
}
