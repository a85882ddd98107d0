//! Other people's servers, which end with what started them.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server's process; it ends with this.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub async fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}

/// Starts a program and waits until it listens.
pub async fn start(command: &mut Command, port: u16) -> Result<Running> {
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut running = Running(child.with_context(|| format!("{program} could not be started"))?);
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if running.0.try_wait()?.is_some() || since.elapsed() > PATIENCE {
            bail!("{program} does not listen on {port}");
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(running)
}
