//! The socket as components: a provider that owns the connection, and parts that show how it stands.

use leptos::prelude::*;

use crate::{
    browser::connection::Options,
    hook::{UseSocket, use_socket_with},
    machine::{Failure, State},
};

/// Connects to the first of `urls` that works, as long as it is mounted, and hands the connection down.
#[component]
pub fn SocketProvider(
    /// A list, or a signal of one, which is followed.
    #[prop(into)]
    urls: Signal<Vec<String>>,
    #[prop(optional)] options: Options,
    children: Children,
) -> impl IntoView {
    provide_context(use_socket_with(move || urls.get(), options));
    children()
}

/// The connection of the nearest [`SocketProvider`] above.
///
/// # Panics
/// Without one: that is a mistake in the component tree.
pub fn use_provided_socket() -> UseSocket {
    expect_context()
}

/// The state in a sentence, and its name as `data-state` for styles.
#[component]
pub fn SocketStatus() -> impl IntoView {
    let socket = use_provided_socket();
    let sentence = move || match (socket.problem.get(), socket.state.get()) {
        (Some(problem), _) => problem.to_string(),
        (None, State::Idle) => "Not connected.".to_owned(),
        (None, State::Connecting) => "Connecting.".to_owned(),
        (None, State::Probing | State::Open) => "Connected.".to_owned(),
        (None, State::Stale) => "The server has gone quiet.".to_owned(),
        (None, State::Waiting { attempt, .. }) => {
            format!("Connection lost. Try {attempt} to come back follows by itself.")
        }
        (None, State::Offline) => "No network.".to_owned(),
        (None, State::Closing) => "Closing.".to_owned(),
        (
            None,
            State::Failed {
                why: Failure::Blocked(why),
            },
        ) => why,
        (
            None,
            State::Failed {
                why: Failure::Refused(close),
            },
        ) => {
            format!("The server {}.", close.in_words())
        }
    };
    view! { <span role="status" data-state=move || socket.state.get().name()>{sentence}</span> }
}

/// How the last connection ended: code, meaning, and the server's own words. Nothing before the first end.
#[component]
pub fn SocketCloseReason() -> impl IntoView {
    let socket = use_provided_socket();
    move || {
        let close = socket.last_close.get()?;
        let words = close.in_words();
        Some(
            view! { <span data-code=close.code>{format!("{}: the server {words}.", close.code)}</span> },
        )
    }
}
