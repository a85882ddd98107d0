//! The embedded relay: passes frames on and knows nothing of them. For the first run and for tests; people bring
//! their own server.
//!
//! | path | a frame goes to |
//! |---|---|
//! | `/relay/<any>` | the others on the same path |
//! | `/all/<any>` | everyone on the same path, the sender too |
//! | `/echo` | the sender |

mod client;
mod hub;

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{OriginalUri, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use clap::Args;
pub use duplex_network::Audience;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use hub::Hub;

/// Frames beyond this end the connection with 1009.
const FRAME_BYTES: usize = 16 * 1024 * 1024;

/// How the relay misbehaves.
#[derive(Args, Clone, Debug, Default)]
pub struct Faults {
    /// Who hears a frame on /relay/<any path>: self, others or all
    #[arg(long)]
    pub audience: Option<Audience>,
    /// Close with 1003 on a binary frame
    #[arg(long)]
    pub text_only: bool,
    /// Close with 1009 on a frame of more bytes
    #[arg(long, value_name = "BYTES")]
    pub max_frame: Option<usize>,
    /// Lose a frame with this probability, per receiver
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub drop: f64,
    /// Deliver a frame twice with this probability, per receiver
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub duplicate: f64,
    /// Delay each frame by up to so many milliseconds, each receiver's by its own, so that they overtake each other
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub reorder: u64,
    /// Choose this subprotocol where it is offered
    #[arg(long, value_name = "NAME")]
    pub subprotocol: Option<String>,
    /// Send this text to whoever connects
    #[arg(long, value_name = "TEXT")]
    pub greet: Option<String>,
    /// Put this text before every text frame
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// Take the first frame of each client as its name, put it before all others, and hang up on binary
    #[arg(long)]
    pub names: bool,
    /// Trim text, turn its newlines into spaces, and join what waits for a client with newlines
    #[arg(long)]
    pub chat: bool,
    /// Send text back as binary
    #[arg(long)]
    pub flip: bool,
    /// Pass the bytes of binary frames on as text; bytes that are no UTF-8 cut everybody off, as their browsers would
    #[arg(long)]
    pub as_text: bool,
    /// Split frames into pieces of so many bytes
    #[arg(long, value_name = "BYTES")]
    pub split: Option<usize>,
    /// Close each connection after so many milliseconds
    #[arg(long, value_name = "MS")]
    pub flap: Option<u64>,
}

/// A relay that can be mounted in a server, and stopped on its own.
#[derive(Clone)]
pub struct Relay {
    hub: Arc<Hub>,
}

impl Relay {
    pub fn new(faults: Faults) -> Self {
        Self {
            hub: Arc::new(Hub::new(faults)),
        }
    }

    pub fn router(&self) -> Router {
        let join = get(join).with_state(Arc::clone(&self.hub));
        Router::new()
            .route("/echo", join.clone())
            .route("/relay/", join.clone())
            .route("/relay/{*path}", join.clone())
            .route("/all/", join.clone())
            .route("/all/{*path}", join)
    }

    /// How many browsers are connected, now and from now on.
    pub fn joined(&self) -> watch::Receiver<usize> {
        self.hub.joined()
    }

    /// From now on, or no longer, takes every frame and passes none on, while connections stay open.
    pub fn set_black_hole(&self, swallows: bool) {
        self.hub.set_black_hole(swallows);
    }

    /// Cuts every connection without a goodbye, as a killed process would.
    pub fn cut_all(&self) {
        self.hub.cut_all();
    }
}

async fn join(
    State(hub): State<Arc<Hub>>,
    OriginalUri(uri): OriginalUri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        // RFC 9110 §15.5.22; the page asks for this to learn that a relay is here.
        return (
            StatusCode::UPGRADE_REQUIRED,
            [(header::UPGRADE, "websocket")],
            "WebSockets only.\n",
        )
            .into_response();
    };
    let path = uri.path().to_owned();
    upgrade
        .protocols(hub.faults.subprotocol.clone())
        .max_message_size(FRAME_BYTES)
        .on_upgrade(move |socket| client::serve(hub, path, socket))
}

/// A relay on a port of its own.
pub struct Server {
    address: SocketAddr,
    relay: Relay,
    task: JoinHandle<()>,
}

impl Server {
    /// Port 0 takes any free one.
    pub async fn start(port: u16, faults: Faults) -> Result<Self> {
        let relay = Relay::new(faults);
        let (address, task) = listen(port, relay.router()).await?;
        Ok(Self {
            address,
            relay,
            task,
        })
    }

    pub fn address(&self) -> String {
        format!("ws://{}/relay/", self.address)
    }

    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many clients are connected, now and from now on.
    pub fn joined(&self) -> watch::Receiver<usize> {
        self.relay.joined()
    }

    /// Dies as a killed process does: no more connections, and all that were are cut.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        self.relay.cut_all();
    }
}

/// Serves on loopback until the task is aborted. A taken port is a sentence.
pub async fn listen(port: u16, router: Router) -> Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
        let other = port.checked_add(1).unwrap_or(8080);
        format!(
            "Port {port} cannot be used. Is another program there? Choose another one, as with --port {other}"
        )
    })?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        // A small frame would wait for the receipt of the one before, which TCP delays by 40 ms (RFC 896, RFC 1122 §4.2.3.2).
        let prompt = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let _ = axum::serve(prompt, router).await;
    });
    Ok((address, task))
}
