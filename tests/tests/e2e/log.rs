//! The log while whoever should read it stands still: a full disk behind a collector, a terminal on hold.

use std::io::{PipeReader, PipeWriter, Write};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Result;
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::wire::WirePhone;

/// A pipe that nobody reads and that is full: who writes into it waits for ever.
fn full_pipe() -> Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = std::io::pipe()?;
    let mut filling = writer.try_clone()?;
    let (told, written) = mpsc::channel();
    // It ends when the reader does.
    std::thread::spawn(move || while filling.write_all(&[b'\n'; 512]).is_ok() && told.send(()).is_ok() {});
    while written.recv_timeout(Duration::from_secs(1)).is_ok() {}
    Ok((reader, writer))
}

async fn phone(daemon: &Daemon, index: usize) -> Result<WirePhone> {
    let Phone { user, secret, .. } = &daemon.phones[index];
    let mut phone = daemon.phone(user, secret).await?;
    phone.register().await?;
    Ok(phone)
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_neither_calls_nor_the_end() -> Result<()> {
    let mut daemon = Daemon::start(&["101", "102"]).await?;
    let (_reader, writer) = full_pipe()?;
    daemon.restart_telling(Stdio::from(writer)).await?;
    let (mut caller, mut callee) = (phone(&daemon, 0).await?, phone(&daemon, 1).await?);
    // Of each of them the log says a line.
    for _ in 0..3 {
        tokio::try_join!(caller.calls("102"), callee.answers())?;
    }
    daemon.metric("frontdesk_log_lines_lost_total", 0).await?;
    daemon.stop().await
}
