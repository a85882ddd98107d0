//! The to-do list, with the structure, classes, texts and behaviour of the TodoMVC app specification.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::{
    core::{
        address::Address,
        doc::id::Id,
        keyboard::Command,
        session::Notice,
        todo::{filter::Filter, item::Item, list::Edited},
    },
    ui::{
        hooks::{
            use_key::use_key,
            use_room::{Room, use_room},
        },
        parts::{
            history::History,
            shortcuts::{self, Shortcuts, ShortcutsButton},
        },
    },
};

pub fn page() -> AnyView {
    let room = use_room();
    let list = room.list;
    let filter = move || room.address.with(|address| address.filter);
    let has_items = Memo::new(move |_| list.with(|list| !list.items.is_empty()));
    let shown = move || {
        let filter = filter();
        list.with(|list| {
            let shown = list.items.iter().filter(|item| filter.shows(item));
            shown.map(|item| item.id.clone()).collect::<Vec<_>>()
        })
    };
    let show_shortcuts = RwSignal::new(false);
    use_key("keydown", move |event| {
        if shortcuts::command(event) == Some(Command::ShowShortcuts) {
            event.prevent_default();
            show_shortcuts.set(true);
        }
    });
    let all_completed = move || list.with(|list| list.active() == 0);
    view! {
        <style>{include_str!("../../../style/todo.css")}</style>
        <section class="todoapp">
            <header class="header">
                <h1>"todos"</h1>
                <NewTodo/>
            </header>
            {move || has_items.get().then(|| view! {
                <section class="main">
                    <input
                        id="toggle-all"
                        class="toggle-all"
                        type="checkbox"
                        prop:checked=all_completed
                        on:change=move |event| {
                            let completed = event_target_checked(&event);
                            room.edit_list(|list, _| list.complete_all(completed));
                        }
                    />
                    <label for="toggle-all">"Mark all as complete"</label>
                    <ul class="todo-list">
                        <For each=shown key=Id::clone let:id>
                            <TodoRow id=id/>
                        </For>
                    </ul>
                </section>
                <Footer/>
            })}
        </section>
        <div class="panel list-keys">
            <ShortcutsButton open=show_shortcuts/>
        </div>
        <History/>
        <Shortcuts open=show_shortcuts/>
    }
    .into_any()
}

/// An item's way to be found again: focus goes with what a person works at.
fn focus(selector: &str) {
    let selector = selector.to_owned();
    request_animation_frame(move || {
        let found = document().query_selector(&selector).ok().flatten();
        let found = found.and_then(|found| found.dyn_into::<HtmlElement>().ok());
        let _ = found.map(|found| found.focus());
    });
}

/// The checkbox of the item at this place of those that are shown; of the last one, if there are fewer. Once what was
/// done is painted, and only if it took the focus away.
fn focus_item(place: usize) {
    request_animation_frame(move || {
        if has_focus() {
            return;
        }
        let list = document().query_selector(".todo-list").ok().flatten();
        let count = list.map_or(0, |list| list.child_element_count() as usize);
        match count {
            0 => focus(".new-todo"),
            count => focus(&format!(
                ".todo-list li:nth-child({}) .toggle",
                place.min(count - 1) + 1
            )),
        }
    });
}

/// Whether anything on the page has the focus.
fn has_focus() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|focused| focused.tag_name() != "BODY")
}

#[component]
fn NewTodo() -> impl IntoView {
    let room = use_room();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    // What was typed since the last item is the field's own to take back (`parts::shortcuts`).
    let untouched = RwSignal::new(true);
    let on_key = move |event: KeyboardEvent| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        if event.key() == "Enter" && !shortcuts::is_composing(&event) {
            let title = input.value();
            match room.with_list(|list, rng| list.add(&title, rng)) {
                // What was typed stays in the field.
                Err(error) => room.warn(error.to_string()),
                Ok(writes) if writes.is_empty() => {}
                Ok(writes) => {
                    room.edit(writes);
                    input.set_value("");
                    untouched.set(true);
                }
            }
        }
    };
    view! {
        <input
            node_ref=input
            class="new-todo"
            placeholder="What needs to be done?"
            aria-label="New to-do"
            dir="auto"
            autocomplete="off"
            data-untouched=move || untouched.get().then_some("")
            on:input=move |_| untouched.set(false)
            on:keydown=on_key
        />
    }
}

#[component]
fn TodoRow(id: Id) -> impl IntoView {
    let room = use_room();
    let editing = RwSignal::new(false);
    let id = StoredValue::new(id);
    let item = Memo::new(move |_| id.with_value(|id| room.list.with(|list| list.get(id).cloned())));
    let title = move || {
        item.with(|item| {
            item.as_ref()
                .map(|item| item.title.clone())
                .unwrap_or_default()
        })
    };
    let completed =
        move || item.with(|item| item.as_ref().is_some_and(|item: &Item| item.completed));
    let on_key = move |event: KeyboardEvent| {
        // In its title's field the keys are the field's.
        if editing.get_untracked() {
            return;
        }
        let is_checkbox = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
            .is_some_and(|target| target.class_name() == "toggle");
        if event.key() == "F2" || (event.key() == "Enter" && is_checkbox) {
            event.prevent_default();
            // A key that is held down has said so.
            if !event.repeat() {
                editing.set(true);
            }
            return;
        }
        let down = event.key() == "ArrowDown";
        if !event.alt_key() || !(down || event.key() == "ArrowUp") {
            return;
        }
        event.prevent_default();
        let filter = room.address.with_untracked(|address| address.filter);
        room.edit_list(|list, _| id.with_value(|id| list.move_by_one(id, down, filter)));
        // An item that is moved in the page loses its focus.
        let focused = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok());
        request_animation_frame(move || drop(focused.map(|focused| focused.focus())));
    };
    let class = move || match (completed(), editing.get()) {
        (false, false) => "",
        (true, false) => "completed",
        (false, true) => "editing",
        (true, true) => "completed editing",
    };
    let row = NodeRef::<html::Li>::new();
    let place = move || {
        let mut before = row.get_untracked()?.previous_element_sibling();
        let mut place = 0;
        while let Some(item) = before {
            place += 1;
            before = item.previous_element_sibling();
        }
        Some(place)
    };
    let delete = move |_| {
        let at = place();
        room.edit_list(|list, _| id.with_value(|id| list.delete(id)));
        at.into_iter().for_each(focus_item);
    };
    view! {
        <li node_ref=row class=class data-testid="todo-item" on:keydown=on_key>
            <div class="view">
                <input
                    class="toggle"
                    type="checkbox"
                    aria-label=move || format!("Done: {}", title())
                    aria-keyshortcuts="F2 Alt+ArrowUp Alt+ArrowDown"
                    prop:checked=completed
                    on:change=move |event| {
                        let (completed, at) = (event_target_checked(&event), place());
                        room.edit_list(|list, _| id.with_value(|id| list.complete(id, completed)));
                        // Under a filter the item may be gone.
                        at.into_iter().for_each(focus_item);
                    }
                />
                <label data-testid="todo-title" dir="auto" on:dblclick=move |_| editing.set(true)>{title}</label>
                <button
                    type="button"
                    class="destroy"
                    aria-label=move || format!("Delete: {}", title())
                    on:click=delete
                ></button>
            </div>
            {move || editing.get().then(|| view! {
                <TodoEdit
                    id=id
                    editing=editing
                    done=move || place().into_iter().for_each(focus_item)
                />
            })}
        </li>
    }
}

/// Saves on blur and on Enter; Escape leaves the title as it was. A title that is too long is said, and stays in the field.
#[component]
fn TodoEdit(
    id: StoredValue<Id>,
    editing: RwSignal<bool>,
    /// The keyboard ended it.
    done: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let room = use_room();
    let input = NodeRef::<html::Input>::new();
    let original = id.with_value(|id| room.list.with_untracked(|list| list.before(id)));
    let before = original.title.clone();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            let end = u32::try_from(input.value().encode_utf16().count()).ok();
            let end = end.unwrap_or_default();
            let _ = input.set_selection_range(end, end);
        }
    });
    let typed = StoredValue::new(before.clone());
    let over = StoredValue::new(false);
    let original = StoredValue::new(original);
    // Unmounting the field may or may not blur it: only the first end of an edit counts.
    let is_over = move || over.try_get_value() != Some(false);
    let save = move || {
        if is_over() {
            return false;
        }
        let (before, title) = (original.get_value(), typed.get_value());
        match room.with_list(|list, rng| list.edited(&before, &title, rng)) {
            Ok(edited) => {
                over.set_value(true);
                end_edit(room, edited, &title);
                let _ = editing.try_set(false);
                true
            }
            Err(error) => {
                room.warn(error.to_string());
                false
            }
        }
    };
    // The row may go while somebody types in it, because somebody else deleted the item: what was typed brings it back.
    on_cleanup(move || {
        if !is_over() {
            over.set_value(true);
            let (before, title) = (original.get_value(), typed.get_value());
            let edited = room.with_list(|list, rng| list.edited_in_pieces(&before, &title, rng));
            end_edit(room, edited, &title);
        }
    });
    view! {
        <input
            node_ref=input
            class="edit"
            aria-label="Edit"
            dir="auto"
            value=before.clone()
            prop:value=before
            on:input=move |event| typed.set_value(event_target_value(&event))
            on:blur=move |_| {
                save();
            }
            on:keydown=move |event: KeyboardEvent| match event.key().as_str() {
                // An input method has them first.
                _ if shortcuts::is_composing(&event) => event.stop_propagation(),
                "Enter" => {
                    // The row would open it again.
                    event.stop_propagation();
                    if save() {
                        done();
                    }
                }
                "Escape" => {
                    over.set_value(true);
                    editing.set(false);
                    done();
                }
                _ => {}
            }
        />
    }
}

/// Writes what an edit came to, and says what became of a title that somebody else wrote meanwhile.
fn end_edit(room: Room, edited: Edited, title: &str) {
    if let Some(theirs) = edited.unseen {
        let notice = match edited.writes.is_empty() {
            true => Notice::Returned(vec![theirs]),
            false => Notice::BothKept {
                ours: title.to_owned(),
                theirs,
                more: 0,
            },
        };
        room.warn(notice.to_string());
    }
    room.edit(edited.writes);
}

#[component]
fn Footer() -> impl IntoView {
    let room = use_room();
    let active = move || room.list.with(|list| list.active());
    let has_completed = Memo::new(move |_| room.list.with(|list| list.completed() > 0));
    view! {
        <footer class="footer">
            <span class="todo-count" data-testid="todo-count">
                <strong>{active}</strong>
                {move || if active() == 1 { " item left" } else { " items left" }}
            </span>
            <ul class="filters">
                {Filter::EACH.into_iter().map(|filter| view! { <FilterLink filter=filter/> }).collect::<Vec<_>>()}
            </ul>
            {move || has_completed.get().then(|| view! {
                <button
                    type="button"
                    class="clear-completed"
                    on:click=move |_| {
                        room.edit_list(|list, _| list.clear_completed());
                        focus_item(0);
                    }
                >
                    "Clear completed"
                </button>
            })}
        </footer>
    }
}

#[component]
fn FilterLink(filter: Filter) -> impl IntoView {
    let address = use_room().address;
    let href = move || {
        address.with(|address| {
            let there = Address {
                filter,
                ..address.clone()
            };
            there.to_hash()
        })
    };
    let is_here = move || address.with(|address| address.filter == filter);
    view! {
        <li>
            <a class=move || if is_here() { "selected" } else { "" } href=href>{filter.label()}</a>
        </li>
    }
}
