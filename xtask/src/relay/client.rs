//! One connection: frames in go to the hub, frames of the hub go out.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use tokio::sync::oneshot;

use super::hub::Hub;

const GOODBYE: Duration = Duration::from_secs(1);

/// Serves a client until it leaves, breaks a rule, or is cut off.
pub async fn serve(hub: Arc<Hub>, path: String, socket: WebSocket) {
    let (mut out, mut frames) = socket.split();
    let (seat, mut queue) = hub.enter(path);
    let (close, mut closing) = oneshot::channel();
    // Writing must not hold up reading: two clients that both wait to be read would wait for ever.
    let greeting = hub.faults.greet.clone();
    let mut writing = tokio::spawn(async move {
        if let Some(greeting) = greeting {
            out.send(Message::Text(greeting.into())).await?;
        }
        loop {
            tokio::select! {
                frame = queue.recv() => match frame {
                    Some(frame) => out.send(frame).await?,
                    None => return Ok::<(), axum::Error>(()),
                },
                Ok(verdict) = &mut closing => return out.send(Message::Close(Some(verdict))).await,
            }
        }
    });
    let mut late = FuturesUnordered::new();
    let verdict = loop {
        tokio::select! {
            _ = &mut writing => return,
            Some(frame) = late.next(), if !late.is_empty() => seat.send(frame),
            frame = frames.next() => {
                let Some(Ok(frame)) = frame else { break None };
                if let Some(verdict) = forbidden(&hub, &frame) {
                    break Some(verdict);
                }
                if !matches!(frame, Message::Text(_) | Message::Binary(_)) {
                    continue;
                }
                match seat.delay() {
                    None => seat.send(frame),
                    Some(delay) => late.push(async move {
                        tokio::time::sleep(delay).await;
                        frame
                    }),
                }
            }
        }
    };
    if let Some(verdict) = verdict
        && close.send(verdict).is_ok()
    {
        // A client that does not read its goodbye is not waited for.
        let _ = tokio::time::timeout(GOODBYE, &mut writing).await;
    }
    writing.abort();
}

fn forbidden(hub: &Hub, frame: &Message) -> Option<CloseFrame> {
    let close = |code, reason: &str| {
        Some(CloseFrame {
            code,
            reason: reason.into(),
        })
    };
    let bytes = match frame {
        Message::Text(text) => text.len(),
        Message::Binary(_) if hub.faults.text_only => {
            return close(close_code::UNSUPPORTED, "text only");
        }
        Message::Binary(bytes) => bytes.len(),
        _ => return None,
    };
    match hub.faults.max_frame {
        Some(max) if bytes > max => close(close_code::SIZE, "frame too big"),
        _ => None,
    }
}
