//! One connection: frames in go to the hub, frames of the hub go out.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{Faults, hub::Hub};

const GOODBYE: Duration = Duration::from_secs(1);
/// A client that takes a frame no sooner is stalled.
const STALLED: Duration = Duration::from_secs(10);

/// Serves a client until it leaves, breaks a rule, or is cut off.
pub async fn serve(hub: Arc<Hub>, path: String, socket: WebSocket) {
    let (mut out, mut frames) = socket.split();
    let (seat, mut queue) = hub.enter(path);
    let (close, mut closing) = oneshot::channel();
    // Writing must not hold up reading: two clients that both wait to be read would wait for ever.
    let faults = hub.faults.clone();
    let mut writing = tokio::spawn(async move {
        if let Some(greeting) = &faults.greet {
            out.send(Message::text(greeting.as_str())).await?;
        }
        loop {
            tokio::select! {
                frame = queue.recv() => {
                    let Some(frame) = frame else { return Ok::<(), axum::Error>(()) };
                    let frame = if faults.chat { joined(frame, &mut queue) } else { frame };
                    for piece in pieces(frame, &faults) {
                        match timeout(STALLED, out.send(piece)).await {
                            Ok(sent) => sent?,
                            Err(_) => return Ok(()),
                        }
                    }
                }
                Ok(verdict) = &mut closing => return out.send(Message::Close(Some(verdict))).await,
            }
        }
    });
    let mut name: Option<Utf8Bytes> = None;
    let mut flap = std::pin::pin!(sleep(Duration::from_millis(
        hub.faults.flap.unwrap_or(u64::MAX >> 12)
    )));
    let verdict = loop {
        tokio::select! {
            _ = &mut writing => return,
            () = &mut flap => break close_frame(close_code::AWAY, "flapping"),
            frame = frames.next() => {
                let Some(Ok(mut frame)) = frame else { break None };
                if let Some(verdict) = forbidden(&hub.faults, &frame) {
                    break Some(verdict);
                }
                match &frame {
                    Message::Text(text) if hub.faults.names => match &name {
                        None => {
                            name = Some(text.clone());
                            continue;
                        }
                        Some(name) => frame = Message::text(format!("{name}: {text}")),
                    },
                    Message::Binary(_) if hub.faults.names => break None,
                    Message::Text(_) | Message::Binary(_) => {}
                    _ => continue,
                }
                seat.send(frame);
            }
        }
    };
    if let Some(verdict) = verdict
        && close.send(verdict).is_ok()
    {
        // A client that does not read its goodbye is not waited for.
        let _ = timeout(GOODBYE, &mut writing).await;
    }
    writing.abort();
}

/// All text that waits, as one frame.
fn joined(first: Message, queue: &mut mpsc::Receiver<Message>) -> Message {
    let Message::Text(first) = first else {
        return first;
    };
    let mut text = first.to_string();
    while let Ok(Message::Text(next)) = queue.try_recv() {
        text.push('\n');
        text.push_str(&next);
    }
    Message::text(text)
}

fn pieces(frame: Message, faults: &Faults) -> Vec<Message> {
    let size = faults.split.unwrap_or(usize::MAX);
    match frame {
        // A piece of text ends where a character does.
        Message::Text(text) if text.len() > size && text.is_ascii() => text
            .as_bytes()
            .chunks(size)
            .map(|piece| Message::text(String::from_utf8_lossy(piece).into_owned()))
            .collect(),
        Message::Binary(bytes) if bytes.len() > size => bytes
            .chunks(size)
            .map(|piece| Message::binary(piece.to_vec()))
            .collect(),
        frame => vec![frame],
    }
}

fn close_frame(code: u16, reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame {
        code,
        reason: reason.into(),
    })
}

fn forbidden(faults: &Faults, frame: &Message) -> Option<CloseFrame> {
    let bytes = match frame {
        Message::Text(text) => text.len(),
        Message::Binary(_) if faults.text_only => {
            return close_frame(close_code::UNSUPPORTED, "text only");
        }
        Message::Binary(bytes) => bytes.len(),
        _ => return None,
    };
    match faults.max_frame {
        Some(max) if bytes > max => close_frame(close_code::SIZE, "frame too big"),
        _ => None,
    }
}
