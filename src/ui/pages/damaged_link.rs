//! In place of a room whose key is damaged: nothing is opened without a press, and the link stays where it is.

use leptos::prelude::*;

use crate::{
    core::address::{Address, AddressProblem},
    ui::text::address::problem,
};

/// `address`: what is left of it without the key.
pub fn page(address: Option<Address>) -> AnyView {
    // The same without a key is another room, open to all.
    let open = address.map(|address| (address.to_hash(), address.room.name));
    view! {
        <h1>"A link with a damaged key"</h1>
        <p role="alert">{problem(&AddressProblem::Key)}</p>
        <p><a class="primary" href="#">"New room"</a></p>
        {open.map(|(href, name)| view! {
            <p class="hint">
                "There may be an open room of the same name: "
                <a href=href>"Open \u{201c}"<bdi>{name}</bdi>"\u{201d}, without a key"</a>
                ". It is another one, and whoever knows its name can be there."
            </p>
        })}
    }
    .into_any()
}
